# SPDX-License-Identifier: LGPL-2.1-or-later
# etc - an /etc and a resolver of known content over those of the machine; to be sourced behind sandbox.sh
mkdir $work/etc
cp -a /etc/passwd /etc/group /etc/ld.so.* $work/etc/
if [ -d /etc/alternatives ]; then cp -a /etc/alternatives $work/etc/; fi
printf 'passwd: files systemd\nhosts: files mymachines resolve [!UNAVAIL=return] myhostname dns\nnetworks: files\n' >$work/etc/nsswitch.conf
printf '127.0.0.1 localhost\n192.0.2.99 onlyhost\n' >$work/etc/hosts
mkdir -p /run/systemd/resolve /run/nscd
printf 'nameserver 127.0.0.53\noptions edns0\nsearch host.example\n' >/run/systemd/resolve/stub-resolv.conf
printf '# of the uplink\nnameserver 198.51.100.53\nnameserver fe80::1%%eth0\nsearch host.example\n' >/run/systemd/resolve/resolv.conf
: >/run/systemd/resolve/io.systemd.Resolve
: >/run/nscd/socket
ln -s ../run/systemd/resolve/stub-resolv.conf $work/etc/resolv.conf
mount --bind $work/etc /etc
