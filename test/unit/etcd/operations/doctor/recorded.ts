import type { CauseId } from '../../../../../lib/etcd/operations/doctor/causes/index.ts';

/** What releases wrote on real hosts: cause, release, line. In 3.7.3 the white space after `proto:` is U+00A0. */
export const RECORDED: readonly (readonly [cause: CauseId, release: string, line: string])[] = [
  [
    'expired',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:42:14.570469Z","caller":"embed/config_logging.go:194","msg":"rejected connection on peer endpoint","remote-addr":"10.0.52.14:34658","server-name":"","error":"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-26T20:42:14Z is after 2026-11-25T20:42:08Z"}',
  ],
  [
    'expired',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:42:20.257075Z","caller":"rafthttp/probing_status.go:68","msg":"prober detected unhealthy status","round-tripper-name":"ROUND_TRIPPER_SNAPSHOT","remote-peer-id":"37d5f64990961dc6","rtt":"0s","error":"remote error: tls: expired certificate"}',
  ],
  [
    'expired',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:31:35.423344Z","caller":"etcdserver/cluster_util.go:261","msg":"failed to reach the peer URL","address":"https://10.0.52.14:2380/version","remote-member-id":"192164dacdfd531","error":"Get \\"https://10.0.52.14:2380/version\\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-26T20:31:35Z is after 2026-11-25T20:31:20Z"}',
  ],
  [
    'expired',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:31:43.202215Z","caller":"rafthttp/probing_status.go:68","msg":"prober detected unhealthy status","round-tripper-name":"ROUND_TRIPPER_SNAPSHOT","remote-peer-id":"6ea8d84b11d49b88","rtt":"0s","error":"remote error: tls: expired certificate"}',
  ],
  [
    'wrong-ca',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:42:37.616894Z","caller":"embed/config_logging.go:194","msg":"rejected connection on peer endpoint","remote-addr":"10.0.52.14:43170","server-name":"","error":"tls: failed to verify certificate: x509: certificate signed by unknown authority"}',
  ],
  [
    'rejected',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:42:38.592201Z","caller":"embed/config_logging.go:194","msg":"rejected connection on peer endpoint","remote-addr":"10.0.52.14:43214","server-name":"","error":"remote error: tls: bad certificate"}',
  ],
  [
    'wrong-ca',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:32:10.977684Z","caller":"etcdserver/cluster_util.go:261","msg":"failed to reach the peer URL","address":"https://10.0.52.14:2380/version","remote-member-id":"192164dacdfd531","error":"Get \\"https://10.0.52.14:2380/version\\": tls: failed to verify certificate: x509: certificate signed by unknown authority"}',
  ],
  [
    'rejected',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:32:11.628213Z","caller":"embed/config_logging.go:194","msg":"rejected connection on peer endpoint","remote-addr":"10.0.52.14:39782","server-name":"","error":"remote error: tls: bad certificate"}',
  ],
  [
    'key-usage',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:43:24.307055Z","caller":"embed/config_logging.go:194","msg":"rejected connection on peer endpoint","remote-addr":"10.0.52.14:37024","server-name":"","error":"tls: failed to verify certificate: x509: certificate specifies an incompatible key usage"}',
  ],
  [
    'rejected',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:43:24.416884Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"43d39488e17c917b","error":"failed to dial 43d39488e17c917b on stream Message (remote error: tls: bad certificate)"}',
  ],
  [
    'key-usage',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:33:06.240950Z","caller":"embed/config_logging.go:194","msg":"rejected connection on peer endpoint","remote-addr":"10.0.52.14:60610","server-name":"","error":"tls: failed to verify certificate: x509: certificate specifies an incompatible key usage"}',
  ],
  [
    'rejected',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:33:06.243076Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"85970c8dcb9db299","error":"failed to dial 85970c8dcb9db299 on stream MsgApp v2 (remote error: tls: bad certificate)"}',
  ],
  [
    'san',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:44:04.594169Z","caller":"etcdserver/cluster_util.go:261","msg":"failed to reach the peer URL","address":"https://10.0.52.14:2380/version","remote-member-id":"17ad2c3be4198153","error":"Get \\"https://10.0.52.14:2380/version\\": tls: failed to verify certificate: x509: certificate is valid for 10.9.9.9, not 10.0.52.14"}',
  ],
  [
    'san',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:33:43.634532Z","caller":"etcdserver/cluster_util.go:261","msg":"failed to reach the peer URL","address":"https://10.0.52.14:2380/version","remote-member-id":"192164dacdfd531","error":"Get \\"https://10.0.52.14:2380/version\\": tls: failed to verify certificate: x509: certificate is valid for 10.9.9.9, not 10.0.52.14"}',
  ],
  [
    'filtered',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:44:22.339563Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"43d39488e17c917b","error":"failed to dial 43d39488e17c917b on stream Message (dial tcp 10.0.52.6:2380: i/o timeout)"}',
  ],
  [
    'filtered',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:34:07.010381Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"85970c8dcb9db299","error":"failed to dial 85970c8dcb9db299 on stream Message (dial tcp 10.0.52.6:2380: i/o timeout)"}',
  ],
  [
    'port-taken',
    '3.6.16',
    '{"level":"error","ts":"2026-11-26T20:44:46.143409Z","caller":"embed/etcd.go:586","msg":"creating peer listener failed","error":"listen tcp 10.0.52.14:2380: bind: address already in use"}',
  ],
  [
    'port-taken',
    '3.7.3',
    '{"level":"error","ts":"2026-11-26T20:34:42.765294Z","caller":"embed/etcd.go:582","msg":"creating peer listener failed","error":"listen tcp 10.0.52.14:2380: bind: address already in use"}',
  ],
  [
    'quota',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:42:15.384045Z","caller":"txn/util.go:46","msg":"failed to apply request","took":"28.393µs","request":"header:<ID:2483631950328734731  username:\\"quorate\\"  auth_revision:1> put:<key:\\"big32\\" value_size:700000 >","response":"","error":"etcdserver: no space"}',
  ],
  [
    'lost-log',
    '3.6.16',
    '{"level":"panic","ts":"2026-11-26T20:45:36.512190Z","logger":"raft","caller":"v3@v3.6.0/log.go:324","msg":"tocommit(37) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?"}',
  ],
  [
    'lost-log',
    '3.7.3',
    '{"level":"panic","ts":"2026-11-26T20:35:48.494232Z","logger":"raft","caller":"v3@v3.7.0/log.go:326","msg":"tocommit(38) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?"}',
  ],
  [
    'removed',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:46:00.570059Z","caller":"rafthttp/http.go:405","msg":"rejected stream from remote peer because it was removed","local-member-id":"37d5f64990961dc6","remote-peer-id-stream-handler":"37d5f64990961dc6","remote-peer-id-from":"43d39488e17c917b"}',
  ],
  [
    'removed',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:46:00.560066Z","caller":"etcdserver/server.go:718","msg":"rejected Raft message from removed member","local-member-id":"17ad2c3be4198153","removed-member-id":"43d39488e17c917b"}',
  ],
  [
    'removed',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:46:00.560111Z","caller":"rafthttp/peer.go:180","msg":"failed to process Raft message","error":"cannot process message from removed member"}',
  ],
  [
    'removed',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:46:00.568873Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"17ad2c3be4198153","error":"failed to dial 17ad2c3be4198153 on stream Message (the member has been permanently removed from the cluster)"}',
  ],
  [
    'removed',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:36:16.820768Z","caller":"rafthttp/http.go:406","msg":"rejected stream from remote peer because it was removed","local-member-id":"6ea8d84b11d49b88","remote-peer-id-stream-handler":"6ea8d84b11d49b88","remote-peer-id-from":"85970c8dcb9db299"}',
  ],
  [
    'removed',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:36:16.807901Z","caller":"etcdserver/server.go:706","msg":"rejected Raft message from removed member","local-member-id":"192164dacdfd531","removed-member-id":"85970c8dcb9db299"}',
  ],
  [
    'removed',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:36:16.807941Z","caller":"rafthttp/peer.go:180","msg":"failed to process Raft message","error":"cannot process message from removed member"}',
  ],
  [
    'removed',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:36:16.817765Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"192164dacdfd531","error":"failed to dial 192164dacdfd531 on stream Message (the member has been permanently removed from the cluster)"}',
  ],
  [
    'cluster-id',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:46:12.801547Z","caller":"rafthttp/http.go:511","msg":"request cluster ID mismatch","local-member-id":"37d5f64990961dc6","local-member-cluster-id":"88c479c1eec2d284","local-member-server-version":"3.6.16","local-member-server-minimum-cluster-version":"3.0.0","remote-peer-server-name":"8ea9406fddee3578","remote-peer-server-version":"3.6.16","remote-peer-server-minimum-cluster-version":"3.0.0","remote-peer-cluster-id":"c7d161f25f101e06"}',
  ],
  [
    'no-quorum',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:46:19.795726Z","caller":"etcdserver/server.go:1844","msg":"failed to publish local member to cluster through raft","local-member-id":"8ea9406fddee3578","local-member-attributes":"{Name:etcd03 ClientURLs:[https://10.0.52.6:2379]}","publish-timeout":"7s","error":"context deadline exceeded"}',
  ],
  [
    'cluster-id',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:36:34.173961Z","caller":"rafthttp/http.go:512","msg":"request cluster ID mismatch","local-member-id":"6ea8d84b11d49b88","local-member-cluster-id":"1d78349869fc11cf","local-member-server-version":"3.7.3","local-member-server-minimum-cluster-version":"3.0.0","remote-peer-server-name":"8ea9406fddee3578","remote-peer-server-version":"3.7.3","remote-peer-server-minimum-cluster-version":"3.0.0","remote-peer-cluster-id":"c7d161f25f101e06"}',
  ],
  [
    'no-quorum',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:36:41.171264Z","caller":"etcdserver/server.go:1838","msg":"failed to publish local member to cluster through raft","local-member-id":"8ea9406fddee3578","local-member-attributes":"{Name:etcd03 ClientURLs:[https://10.0.52.6:2379]}","publish-timeout":"7s","error":"context deadline exceeded"}',
  ],
  [
    'corrupt-wal',
    '3.6.16',
    '{"level":"fatal","ts":"2026-11-26T20:46:32.797423Z","caller":"etcdmain/etcd.go:183","msg":"discovery failed","error":"walpb: crc mismatch: expected: f8ca3ca computed: 420d870b: in file \'0000000000000000-0000000000000000.wal\' at position: 2976"}',
  ],
  [
    'corrupt-wal',
    '3.7.3',
    '{"level":"fatal","ts":"2026-11-26T20:36:58.806336Z","caller":"etcdmain/etcd.go:157","msg":"discovery failed","error":"proto:\u00a0cannot parse invalid wire-format data"}',
  ],
  [
    'corrupt-wal',
    '3.7.3',
    '{"level":"fatal","ts":"2026-11-26T20:53:52.521030Z","caller":"etcdmain/etcd.go:157","msg":"discovery failed","error":"walpb: crc mismatch: expected: 2f51a2fc computed: b78a6fe4: in file \'0000000000000000-0000000000000000.wal\' at position: 4152"}',
  ],
  [
    'corrupt-wal',
    '3.6.16',
    '{"level":"fatal","ts":"2026-11-26T21:01:34.969898Z","caller":"etcdmain/etcd.go:183","msg":"discovery failed","error":"proto: illegal wireType 7"}',
  ],
  [
    'corrupt-db',
    '3.6.16',
    '{"level":"panic","ts":"2026-11-26T21:01:48.981516Z","caller":"backend/backend.go:205","msg":"failed to open database","path":"/var/lib/etcd/default.etcd/member/snap/db","error":"invalid database"}',
  ],
  [
    'corrupt-db',
    '3.7.3',
    '{"level":"panic","ts":"2026-11-26T20:54:22.659584Z","caller":"backend/backend.go:215","msg":"failed to open database","path":"/var/lib/etcd/default.etcd/member/snap/db","error":"invalid database"}',
  ],
  [
    'lost-snapshot',
    '3.6.16',
    '{"level":"panic","ts":"2026-11-26T21:02:12.966129Z","caller":"etcdserver/bootstrap.go:420","msg":"failed to recover v3 backend from snapshot","error":"failed to find database snapshot file (snap: snapshot file doesn\'t exist)"}',
  ],
  [
    'lost-snapshot',
    '3.7.3',
    '{"level":"panic","ts":"2026-11-26T20:54:53.605944Z","caller":"etcdserver/bootstrap.go:442","msg":"failed to recover v3 backend from snapshot","error":"failed to find database snapshot file (snap: snapshot file doesn\'t exist)"}',
  ],
  [
    'permission',
    '3.6.16',
    '{"level":"fatal","ts":"2026-11-26T20:47:04.580190Z","caller":"etcdmain/etcd.go:227","msg":"failed to list data directory","dir":"/var/lib/etcd/default.etcd","error":"open /var/lib/etcd/default.etcd: permission denied"}',
  ],
  [
    'permission',
    '3.7.3',
    '{"level":"fatal","ts":"2026-11-26T20:37:44.712521Z","caller":"etcdmain/etcd.go:201","msg":"failed to list data directory","dir":"/var/lib/etcd/default.etcd","error":"open /var/lib/etcd/default.etcd: permission denied"}',
  ],
  [
    'disk-full',
    '3.6.16',
    '{"level":"error","ts":"2026-11-26T20:47:15.816709Z","caller":"wal/file_pipeline.go:82","msg":"failed to preallocate space when creating a new WAL","size":64000000,"error":"no space left on device"}',
  ],
  [
    'disk-full',
    '3.7.3',
    '{"level":"error","ts":"2026-11-26T20:38:06.038183Z","caller":"wal/file_pipeline.go:82","msg":"failed to preallocate space when creating a new WAL","size":64000000,"error":"no space left on device"}',
  ],
  [
    'http',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:47:34.483503Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"17ad2c3be4198153","error":"failed to dial 17ad2c3be4198153 on stream MsgApp v2 (tls: first record does not look like a TLS handshake)"}',
  ],
  [
    'http',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:47:34.411527Z","caller":"embed/etcd.go:573","msg":"scheme is HTTP while key and cert files are present; ignoring key and cert files","peer-url":"http://10.0.52.14:2380"}',
  ],
  [
    'http',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:38:30.939612Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"192164dacdfd531","error":"failed to dial 192164dacdfd531 on stream Message (tls: first record does not look like a TLS handshake)"}',
  ],
  [
    'http',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:38:30.796501Z","caller":"embed/etcd.go:569","msg":"scheme is HTTP while key and cert files are present; ignoring key and cert files","peer-url":"http://10.0.52.14:2380"}',
  ],
  [
    'name',
    '3.6.16',
    '{"level":"error","ts":"2026-11-26T20:47:52.067387Z","caller":"etcdserver/server.go:309","msg":"bootstrap failed","error":"couldn\'t find local name \\"etcdxx\\" in the initial cluster configuration"}',
  ],
  [
    'name',
    '3.7.3',
    '{"level":"error","ts":"2026-11-26T20:38:49.886904Z","caller":"etcdserver/server.go:298","msg":"bootstrap failed","error":"couldn\'t find local name \\"etcdxx\\" in the initial cluster configuration"}',
  ],
  [
    'shadowed',
    '3.6.16',
    '{"level":"fatal","ts":"2026-11-26T20:48:09.977536Z","caller":"flags/flag.go:86","msg":"conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag))","environment-variable":"ETCD_HEARTBEAT_INTERVAL"}',
  ],
  [
    'shadowed',
    '3.7.3',
    '{"level":"fatal","ts":"2026-11-26T20:39:15.249484Z","caller":"flags/flag.go:86","msg":"conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag))","environment-variable":"ETCD_HEARTBEAT_INTERVAL"}',
  ],
  [
    'setting',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:48:19.748256Z","caller":"etcdmain/etcd.go:66","msg":"failed to verify flags","error":"invalid value \\"NoSuchGate=true\\" for ETCD_FEATURE_GATES: unrecognized feature gate: NoSuchGate"}',
  ],
  [
    'setting',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:39:29.885233Z","caller":"etcdmain/etcd.go:65","msg":"failed to verify flags","error":"invalid value \\"NoSuchGate=true\\" for ETCD_FEATURE_GATES: unrecognized feature gate: NoSuchGate"}',
  ],
  [
    'setting',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:48:31.805747Z","caller":"etcdmain/etcd.go:66","msg":"failed to verify flags","error":"invalid value \\"abc\\" for ETCD_SNAPSHOT_COUNT: parse error"}',
  ],
  [
    'setting',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:39:51.151070Z","caller":"etcdmain/etcd.go:65","msg":"failed to verify flags","error":"invalid value \\"abc\\" for ETCD_SNAPSHOT_COUNT: parse error"}',
  ],
  [
    'no-quorum',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:48:45.170595Z","logger":"raft","caller":"v3@v3.6.0/raft.go:1275","msg":"37d5f64990961dc6 stepped down to follower since quorum is not active"}',
  ],
  [
    'no-quorum',
    '3.6.16',
    '{"level":"warn","ts":"2026-11-26T20:48:51.446246Z","caller":"etcdserver/v3_server.go:1016","msg":"waiting for ReadIndex response took too long, retrying","sent-request-id":2145580503398416900,"retry-timeout":"500ms"}',
  ],
  [
    'no-quorum',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:40:09.387657Z","logger":"raft","caller":"v3@v3.7.0/raft.go:1283","msg":"6ea8d84b11d49b88 stepped down to follower since quorum is not active"}',
  ],
  [
    'no-quorum',
    '3.7.3',
    '{"level":"warn","ts":"2026-11-26T20:40:15.302467Z","caller":"read/read.go:206","msg":"waiting for ReadIndex response took too long, retrying","sent-request-id":11207385903489619716,"retry-timeout":"500ms"}',
  ],
  [
    'upgrade',
    '3.7.3',
    '{"level":"panic","ts":"2026-11-26T20:46:52.419193Z","caller":"schedule/schedule.go:202","msg":"execute job failed","job":"server_applyAll","panic":"unmarshal should never fail (proto:\u00a0cannot parse invalid wire-format data)"}',
  ],
  [
    'upgrade',
    '3.7.3',
    'panic: unmarshal should never fail (proto:\u00a0cannot parse invalid wire-format data) [recovered]',
  ],
  [
    'downgrade',
    '3.6.16',
    '{"level":"fatal","ts":"2026-11-26T20:55:50.930696Z","caller":"etcdmain/etcd.go:183","msg":"discovery failed","error":"version \\"3.7.0\\" is not supported"}',
  ],
  [
    'downgrade',
    '3.5.30',
    '{"level":"fatal","ts":"2026-11-26T20:51:25.216879Z","caller":"membership/downgrade.go:69","msg":"invalid downgrade; server version is lower than determined cluster version","current-server-version":"3.5.30","determined-cluster-version":"3.6"}',
  ],
];
