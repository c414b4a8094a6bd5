/** A unit that runs until it is stopped, and can be told to read its file again. */
const UNIT = `[Service]
ExecStart=/bin/sh -c 'trap : HUP; cat /etc/lab-site.conf; while :; do sleep 1000 & wait $!; done'
ExecReload=/bin/kill -HUP $MAINPID
[Install]
WantedBy=multi-user.target
`;

/**
 * Shell that makes a package repository on the host, of `lab-site` in two versions and `lab-extra`, which needs it, and
 * makes it the only one that apt knows. `lab-site` brings a file of configuration, a user, a folder and a unit,
 * and starts it at once.
 */
export const debRepository = `set -e
rm -rf /srv/lab-repo; mkdir -p /srv/lab-repo; cd /srv/lab-repo
build() {
  mkdir -p tree/DEBIAN tree/usr/share/lab
  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: lab <lab@example.org>\\nDescription: lab\\n%s' "$1" "$2" "$3" >tree/DEBIAN/control
  : >"tree/usr/share/lab/$1"
  if [ "$1" = lab-site ]; then
    mkdir -p tree/lib/systemd/system tree/etc
    echo 'port 80' >tree/etc/lab-site.conf
    echo /etc/lab-site.conf >tree/DEBIAN/conffiles
    cat >tree/lib/systemd/system/lab-site.service <<'UNIT'
${UNIT}UNIT
    printf '#!/bin/sh\\nid -u lab-brought >/dev/null 2>&1 || useradd --system --shell /bin/false lab-brought\\nmkdir -p /srv/lab-brought\\nsystemctl daemon-reload; systemctl enable --now lab-site.service\\n' >tree/DEBIAN/postinst
    printf '#!/bin/sh\\nsystemctl disable --now lab-site.service || :\\n' >tree/DEBIAN/prerm
    chmod 0755 tree/DEBIAN/postinst tree/DEBIAN/prerm
  fi
  dpkg-deb --build --root-owner-group tree "$1_$2.deb" >/dev/null
  { dpkg-deb --field "$1_$2.deb"; printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$1_$2.deb" "$(stat -c %s "$1_$2.deb")" "$(sha256sum <"$1_$2.deb" | cut -d' ' -f1)"; } >>Packages
  rm -rf tree
}
build lab-site 1.0-1 'Provides: lab-httpd
'
build lab-site 1.1-1 'Provides: lab-httpd
'
build lab-extra 1.0 'Depends: lab-site
'
rm -f /etc/apt/sources.list.d/*; echo 'deb [trusted=yes] file:/srv/lab-repo ./' >/etc/apt/sources.list
rm -rf /var/lib/apt/lists/*`;
