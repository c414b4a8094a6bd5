/** The three files of a widely used etcd tutorial, letter for letter. */
export const TUTORIAL: Readonly<Record<string, string>> = {
  'ca-config.json': `{
  "signing": {
	"default": {
	  "expiry": "87600h"
	},
	"profiles": {
	  "etcd": {
		 "expiry": "87600h",
		 "usages": [
			"signing",
			"key encipherment",
			"server auth",
			"client auth"
		]
	  }
	}
  }
}
`,
  'ca-csr.json': `{
	"CN": "etcd CA",
	"key": {
		"algo": "rsa",
		"size": 2048
	},
	"names": [
		{
			"C": "CN",
			"L": "Beijing",
			"ST": "Beijing"
		}
	]
}
`,
  'server-csr.json': `{
	"CN": "etcd",
	"hosts": [
	"10.0.52.14",
	"10.0.52.13",
	"10.0.52.6"
	],
	"key": {
		"algo": "rsa",
		"size": 2048
	},
	"names": [
		{
			"C": "CN",
			"L": "Beijing",
			"ST": "Beijing"
		}
	]
}
`,
};
