#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checks.sh - what must be true of nsnetd on a machine; runs there, as a unit, and installs it first
#
# One line per check; where one fails, what was seen. The last line is "done".
set -u

socket=/run/nsnetd/alt.nsnet
seen=/tmp/seen
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8

report() { # STATUS DESCRIPTION
	if [ "$1" = 0 ]; then
		echo "ok      $2"
	else
		echo "FAILED  $2"
		sed 's/^/        | /' $seen
	fi
}

# check DESCRIPTION COMMAND…: ends well
check() {
	description=$1
	shift
	timeout 15 "$@" >$seen 2>&1
	status=$?
	echo "(status $status of: $*)" >>$seen
	report $status "$description"
}

# says PATTERN DESCRIPTION COMMAND…: ends well, and a line of its output matches
says() {
	pattern=$1 description=$2
	shift 2
	timeout 15 "$@" >$seen 2>&1
	status=$?
	grep -qE -e "$pattern" $seen || status="$status, and no line matches $pattern"
	echo "(status $status of: $*)" >>$seen
	report "$status" "$description"
}

# equal WANTED GOT DESCRIPTION
equal() {
	printf 'wanted: %s\nseen:   %s\n' "$1" "$2" >$seen
	[ "$1" = "$2" ]
	report $? "$3"
}

# eventually COMMAND…: ends well within half a minute
eventually() {
	for _ in $(seq 300); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# Whoever runs inside comes and goes: the column before the last.
listed() {
	nsnetctl --no-legend list | sed -E 's/ +[^ ]+ +([^ ]+)$/ \1/; s/ +/ /g'
}

# Links go with their namespace, which the kernel takes apart in its own time.
links_gone() {
	[ "$(ip -br link | cut -d' ' -f1)" = lo ]
}

mounts() {
	grep -c " /run/netns/$1 " /proc/1/mountinfo
}

installed() {
	check "the units are well-formed" systemd-analyze verify --man=no nsnetd.service nsnetd.socket run-netns.mount nsnet-dns@br1.service \
		nsnet@ns1.service nsnet-exec.slice
	says '^nsnet:' "the group nsnet is there" getent group nsnet
	says '^nsnet-admin:' "the group nsnet-admin is there" getent group nsnet-admin
	for file in /usr/lib/NetworkManager/conf.d/nsnetd.conf /usr/lib/systemd/network/10-nsnetd.network \
		/usr/lib/systemd/network/10-nsnetd.link /usr/share/nsnetd/dhcpcd.conf; do
		check "$file is there" test -s $file
	done
	useradd --groups nsnet member
	useradd --groups nsnet,nsnet-admin administrator
	useradd stranger
}

activated() {
	equal active "$(systemctl is-active nsnetd.socket)" "the socket is listened on"
	equal "660 root:nsnet" "$(stat --format '%a %U:%G' $socket)" "the socket is the group's"
	equal "755 root:root" "$(stat --format '%a %U:%G' /run/nsnetd)" "its directory is root's"
	equal inactive "$(systemctl is-active nsnetd.service)" "the daemon does not run before the first call"
	says '"administrator": ?true' "the first call is answered" nsnetctl call alt.nsnet.Describe
	equal active "$(systemctl is-active nsnetd.service)" "the first call started the daemon"
	equal "notify" "$(systemctl show --property Type --value nsnetd.service)" "systemd is told when it is ready"
	check "systemctl status" systemctl status nsnetd.service
	equal 1 "$(grep -c ' /run/netns ' /proc/1/mountinfo)" "/run/netns is one mount"
}

callers() {
	says '"administrator": ?false' "a member of nsnet may call" runuser -u member -- nsnetctl call alt.nsnet.Describe
	says '"administrator": ?true' "a member of nsnet-admin is an administrator" \
		runuser -u administrator -- nsnetctl call alt.nsnet.Describe
	runuser -u stranger -- nsnetctl list >$seen.out 2>$seen
	equal 4 $? "a stranger may not: nsnetctl's exit status is 4"
	equal 0 "$(wc -c <$seen.out)" "a stranger gets nothing on stdout"
	runuser -u stranger -- nsnetctl list 2>$seen
	[ "$(wc -l <$seen)" = 2 ] && grep -q 'nsnet' $seen
	report $? "a stranger is told in two lines what to do"
	runuser -u stranger -- socat -u OPEN:/dev/null UNIX-CONNECT:$socket 2>$seen
	grep -q 'Permission denied' $seen
	report $? "a stranger's connection is refused by the socket's mode"
}

# What nsnetd says of this system: netem and 6.17 depend on the machine.
checked() {
	check "nsnetd --check: all that is essential is there" nsnetd --check
	nsnetd --check >/tmp/checked
	for row in /run/netns /run/nsnetd /var/lib/nsnetd group admin-group socket dnsmasq inotify guard ports owned; do
		says "^ok +$row " "$row is there" cat /tmp/checked
	done
	equal "$(systemctl --quiet is-active systemd-resolved.service && echo ok || echo missing)" \
		"$(sed -n 's/ *resolved .*//p' /tmp/checked)" "resolved is, where it runs"
	systemctl stop nsnetd.socket nsnetd.service
	says '^missing +socket .*nobody listens' "a socket that is not served" nsnetd --check
	says 'Try: systemctl enable --now nsnetd.socket' "and what mends that" nsnetd --check
	systemctl start nsnetd.socket
	says '^unknown +guard ' "a user is told what he cannot see" sh -c 'runuser -u stranger -- nsnetd --check; [ $? = 1 ]'
}

# What a member makes is his: he enters it alone, and nobody else does.
owned() {
	useradd --groups nsnet neighbour
	check "a member makes a namespace" runuser -u member -- nsnetctl create mine
	says '"ownership": ?"user"' "it is his" runuser -u member -- nsnetctl show -j mine
	equal "$(id -u member)" "$(runuser -u member -- nsnetctl exec mine id -u)" "he enters it as himself"
	equal 0 "$(runuser -u member -- nsnetctl exec --root mine id -u)" "and as root inside"
	check "he administers it" runuser -u member -- nsnetctl exec mine ip address add 192.0.2.1/32 dev lo
	says '192\.0\.2\.1' "which root sees" ip -n mine address show dev lo
	check "he pings the gateway" runuser -u member -- nsnetctl exec mine sh -c 'ping -c 1 -W 5 $(ip route show default | cut -d" " -f3)'
	systemctl stop nsnetd.service nsnetd.socket
	check "without the daemon too" runuser -u member -- nsnetctl exec mine true
	systemctl start nsnetd.socket
	equal "" "$(runuser -u neighbour -- nsnetctl list -q)" "another member does not see it"
	runuser -u neighbour -- nsnetctl exec mine true 2>$seen
	equal 125 $? "nor enters it"
	runuser -u neighbour -- nsnetctl delete mine 2>$seen
	equal 10 $? "nor deletes it"
	check "a namespace for one command" runuser -u member -- nsnetctl run -- true
	equal mine "$(runuser -u member -- nsnetctl list -q)" "is gone with it"
	check "the member deletes his own" runuser -u member -- nsnetctl delete mine
	check "the default network goes" nsnetctl network delete default
	eventually links_gone
	report $? "nothing of it is left"
	equal "" "$(nft list tables 2>&1 | grep nsnetd)" "nor a rule"
}

made() {
	check "a network" nsnetctl network create br1 --subnet 10.10.0.0/16
	check "a namespace on it" nsnetctl create ns1 --network br1:ip=10.10.0.10
	check "another" nsnetctl create ns2 --network br1:ip=10.10.0.20
	says '^ns1' "ip netns list knows it" ip netns list
	says '10\.10\.0\.10/16' "ip netns exec enters it" ip netns exec ns1 ip address show dev eth0
	says '10\.10\.0\.10/16' "nsenter enters it" nsenter --net=/run/netns/ns1 ip address show dev eth0
	says '10\.10\.0\.10/16' "a unit with NetworkNamespacePath= runs inside" \
		systemd-run --quiet --wait --pipe --property NetworkNamespacePath=/run/netns/ns1 ip address show dev eth0
	says '^ *1 ps$' "exec --pid: PID 1 is ps itself" nsnetctl exec --pid ns1 ps -e -o pid,comm --no-headers
	check "ping by name" nsnetctl exec ns1 ping -c 1 -W 5 ns2
	check "ping by name, IPv6" nsnetctl exec ns1 ping -6 -c 1 -W 5 ns2
	check "ping to the gateway" nsnetctl exec ns1 ping -c 1 -W 5 10.10.0.1
	equal 1 "$(mounts ns1)" "it is one mount on the host"
	eventually systemctl is-active run-netns-ns1.mount
	equal active "$(systemctl is-active run-netns-ns1.mount)" "systemd knows it as run-netns-ns1.mount"
}

kept() { # HOW COMMAND…
	how=$1
	shift
	list=$(listed)
	pid=$(systemctl show --property MainPID --value nsnetd.service)
	check "$how" "$@"
	equal "$list" "$(listed)" "after $how the list is the same"
	[ "$(systemctl show --property MainPID --value nsnetd.service)" != "$pid" ]
	report $? "after $how it is another process"
	equal 1 "$(mounts ns1)" "after $how a namespace is one mount still"
	check "after $how ping works" nsnetctl exec ns1 ping -c 1 -W 5 ns2
}

journal() {
	says '^NSNET_UID=0$' "the journal has it under NSNET_NAMESPACE=, with NSNET_UID=" \
		journalctl --quiet --output export _SYSTEMD_UNIT=nsnetd.service NSNET_NAMESPACE=ns1
	says 'namespace "ns1" made' "and is asked for it as the manual says" journalctl NSNET_NAMESPACE=ns1
	journalctl --quiet --no-pager --unit nsnetd.service --priority warning | grep -v 'nsnetd.service: \(Main\|Failed\|Watchdog\)' >$seen
	equal "" "$(cat $seen)" "the journal has no warning of it"
}

# asks NAMESPACE QUESTION…: the answer of the name server that resolv.conf names inside
asks() {
	where=$1
	shift
	nsnetctl exec "$where" dig +short +search +tries=1 +time=3 "$@"
}

# answers WANTED DESCRIPTION NAMESPACE QUESTION…: within half a minute
answers() {
	wanted=$1 description=$2
	shift 2
	for _ in $(seq 300); do
		[ "$(asks "$@")" != "$wanted" ] || break
		sleep 0.1
	done
	equal "$wanted" "$(asks "$@")" "$description"
}

# A daemon that does not go on is ended, and another one is there before long; nobody inside notices. The limit is a shorter one
# here, so that this need not wait for it.
watched() {
	equal 1min "$(systemctl show --property WatchdogUSec --value nsnetd.service)" "systemd watches whether the daemon goes on"
	mkdir -p /run/systemd/system/nsnetd.service.d
	printf '[Service]\nWatchdogSec=2s\n' >/run/systemd/system/nsnetd.service.d/watchdog.conf
	check "a shorter limit" systemctl daemon-reload
	check "which holds from the next start" systemctl restart nsnetd.service
	list=$(listed)
	pid=$(systemctl show --property MainPID --value nsnetd.service)
	# Longer than the limit: who is idle is not taken for hung.
	sleep 5
	equal "$pid" "$(systemctl show --property MainPID --value nsnetd.service)" "an idle daemon is left alone"
	ip netns exec ns1 ping -i 0.1 10.10.0.20 >/tmp/pinged 2>&1 &
	pinging=$!
	kill -STOP "$pid"
	eventually sh -c "! test -e /proc/$pid"
	report $? "a daemon that was stopped in its tracks is ended"
	says "watchdog" "by systemd, that says why" journalctl --quiet --no-pager --unit nsnetd.service
	equal "$list" "$(listed)" "the next one serves, and has the same list"
	equal 1 "$(mounts ns1)" "a namespace is one mount still"
	kill -INT $pinging
	wait $pinging
	says ' 0% packet loss' "a ping that ran has lost nothing" tail -n 3 /tmp/pinged
	rm -r /run/systemd/system/nsnetd.service.d
	check "the limit of the unit" systemctl daemon-reload
	check "holds again" systemctl restart nsnetd.service
}

name_server() {
	unit=nsnet-dns@br1.service
	says '"names"' "networks have name servers" nsnetctl call alt.nsnet.Describe
	eventually systemctl is-active $unit
	equal active "$(systemctl is-active $unit)" "that of a network is a unit"
	check "what that is exposed to" systemd-analyze security --no-pager --threshold=20 $unit
	pid=$(systemctl show --property MainPID --value $unit)
	equal dnsmasq "$(cat /proc/$pid/comm)" "it is dnsmasq"
	equal "0000000000000400" "$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/$pid/status)" "with the one right to a low port"
	equal no "$([ "$(stat --format %u /proc/$pid)" = 0 ] && echo yes || echo no)" "and not root"
	equal "nameserver 10.10.0.1" "$(nsnetctl exec ns1 grep -m 1 nameserver /etc/resolv.conf)" "namespaces ask it"
	answers 10.10.0.20 "A" ns1 ns2.br1.nsnet
	answers 10.10.0.20 "A, of a name alone" ns1 ns2
	six=$(ip -n ns2 -o -6 address show dev eth0 scope global | sed -n 's/.* inet6 \([^/]*\).*/\1/p')
	answers "$six" "AAAA" ns1 ns2.br1.nsnet AAAA
	answers ns2.br1.nsnet. "PTR" ns1 -x 10.10.0.20
	answers ns2.br1.nsnet. "PTR, IPv6" ns1 -x "$six"
	says '^10\.10\.0\.20 .*ns2\.br1\.nsnet' "getent: by DNS" nsnetctl exec ns1 getent ahostsv4 ns2.br1.nsnet
	says '^10\.10\.0\.20 ' "getent: by the hosts file" nsnetctl exec ns1 getent -s files ahostsv4 ns2
	check "another namespace" nsnetctl create ns3 --network br1:ip=10.10.0.30
	answers 10.10.0.30 "its name comes" ns1 ns3.br1.nsnet
	check "it goes" nsnetctl delete ns3
	answers "" "and its name" ns1 ns3.br1.nsnet
	answers "" "both ways" ns1 -x 10.10.0.30
	check "a namespace with dots in its name" nsnetctl create example.org --network br1:ip=10.10.0.66
	answers 10.10.0.66 "is known in the domain" ns1 example.org.br1.nsnet
	answers "" "and not for one of the world" ns1 example.org. +nosearch
	check "it goes" nsnetctl delete example.org
	check "the daemon is restarted" systemctl restart nsnetd.service
	answers 10.10.0.20 "names stay" ns1 ns2.br1.nsnet
	systemctl stop nsnetd.service nsnetd.socket
	answers 10.10.0.20 "also while the daemon is stopped" ns1 ns2.br1.nsnet
	systemctl start nsnetd.socket
	check "the daemon serves again" nsnetctl list
	equal $pid "$(systemctl show --property MainPID --value $unit)" "the name server is the same process"
	check "the name server crashes" systemctl kill --signal=KILL $unit
	answers 10.10.0.20 "it comes back" ns1 ns2.br1.nsnet
	pid=$(systemctl show --property MainPID --value $unit)
	check "what does not concern it" nsnetctl network set br1 --description "with names"
	equal $pid "$(systemctl show --property MainPID --value $unit)" "leaves it alone"
	check "servers of the network's own" nsnetctl network set br1 --dns 192.0.2.53
	for _ in $(seq 300); do
		[ "$(systemctl show --property MainPID --value $unit)" = $pid ] || break
		sleep 0.1
	done
	equal no "$([ "$(systemctl show --property MainPID --value $unit)" = $pid ] && echo yes || echo no)" "it is started again"
	answers 10.10.0.20 "and has the names" ns1 ns2.br1.nsnet
	check "another network" nsnetctl network create br2 --subnet 10.20.0.0/24
	check "in another domain" nsnetctl network set br2 --domain lab.example
	check "a namespace on it" nsnetctl create ns4 --network br2:ip=10.20.0.40
	answers 10.20.0.40 "it has a name in that" ns4 ns4.lab.example
	says '^search lab\.example' "which is looked through" nsnetctl exec ns4 cat /etc/resolv.conf
	asks ns4 @10.10.0.1 ns2.br1.nsnet >$seen
	equal 9 $? "a name server does not answer another network's namespaces"
}

# Each with what a name may have and a unit's name means something by.
name_servers() {
	for network in a-b a_b a.b x-y.z_1; do
		check "a network $network" nsnetctl network create $network
		eventually systemctl is-active "nsnet-dns@$network.service"
		equal active "$(systemctl is-active "nsnet-dns@$network.service")" "its name server runs"
	done
	check "all of them go" nsnetctl network delete a-b a_b a.b x-y.z_1
	eventually sh -c '[ "$(pgrep -c dnsmasq)" = 2 ]'
	equal 2 "$(pgrep -c dnsmasq)" "and their name servers"
	equal "br1.conf br2.conf" "$(ls /run/nsnetd/dns | tr '\n' ' ' | sed 's/ $//')" "and what these went by"
	# What a crash may leave behind: a server whose network has gone.
	printf 'port=0\n' >/run/nsnetd/dns/stray.conf
	check "a name server without a network" systemctl start nsnet-dns@stray.service
	rm /run/nsnetd/dns/stray.conf
	check "the daemon is restarted" systemctl restart nsnetd.service
	eventually sh -c '[ "$(systemctl is-active nsnet-dns@stray.service)" = inactive ]'
	equal inactive "$(systemctl is-active nsnet-dns@stray.service)" "it is stopped"
	equal active "$(systemctl is-active nsnet-dns@br1.service)" "the others are not"
}

transactions() {
	resolvectl statistics | sed -n 's/.*Total Transactions: *//p'
}

# The host's own resolver: it knows the networks' names, and nobody inside asks it.
host_names() {
	says '^10\.10\.0\.20$' "the host asks the name server itself" dig +short @10.10.0.1 ns2.br1.nsnet
	if ! systemctl --quiet is-active systemd-resolved.service; then
		nsnetctl delete ns4
		nsnetctl network delete br2
		echo "ok      (no systemd-resolved here: the host resolves no names of networks)"
		return
	fi
	bridge=$(ip -o -4 address show | sed -n 's/^[0-9]*: \([^ ]*\) .* 10\.10\.0\.1\/.*/\1/p')
	eventually resolvectl query ns2.br1.nsnet
	says '^ns2\.br1\.nsnet: 10\.10\.0\.20 ' "resolvectl query" resolvectl query -4 ns2.br1.nsnet
	says ' +-- link: '"$bridge" "by the network's bridge" resolvectl query -4 ns2.br1.nsnet
	says '^10\.10\.0\.20: ns2\.br1\.nsnet ' "resolvectl query, PTR" resolvectl query 10.10.0.20
	says '~br1\.nsnet' "its domain leads there" resolvectl domain "$bridge"
	says ': no$' "and nothing else does" resolvectl default-route "$bridge"
	equal "" "$(grep '10\.10\.0\.1' /run/systemd/resolve/resolv.conf)" "it is no name server of the host's"
	eventually resolvectl query ns4.lab.example
	says '^ns4\.lab\.example: 10\.20\.0\.40 ' "a domain that was changed" resolvectl query -4 ns4.lab.example
	check "its network goes" sh -c 'nsnetctl delete ns4 && nsnetctl network delete br2'
	check "with it what the host knew" sh -c '! resolvectl query ns4.lab.example'
	check "a network" nsnetctl network create br2
	eventually sh -c 'resolvectl domain | grep "~br2\.nsnet"'
	says '~br2\.nsnet' "its domain is known" resolvectl domain
	check "then it has none" nsnetctl call SetNetwork '{"name":"br2","context":{"domain":""}}'
	eventually sh -c '! resolvectl domain | grep "~br2\.nsnet"'
	equal "" "$(resolvectl domain | grep 'br2\.nsnet')" "and the host knows of none"
	check "nor a name server" sh -c '! systemctl is-active nsnet-dns@br2.service'
	useradd --groups nsnet pretender
	check "a member's network with a domain of the world" \
		runuser -u pretender -- nsnetctl network create world --domain example.org
	eventually systemctl is-active nsnet-dns@world.service
	equal "" "$(resolvectl domain | grep 'example\.org')" "is not told to the host"
	check "it goes" runuser -u pretender -- nsnetctl network delete world
	check "and the one without" nsnetctl network delete br2
	before=$(transactions)
	resolvectl query nobody.br1.nsnet >/dev/null 2>&1
	check "what the host asks is counted" [ "$(transactions)" -gt "$before" ]
	before=$(transactions)
	nsnetctl exec ns1 getent ahosts nobody.br1.nsnet >$seen 2>&1
	nsnetctl exec ns1 getent ahosts nobody.example >$seen 2>&1
	nsnetctl exec ns1 getent ahostsv4 ns2.br1.nsnet >$seen 2>&1
	equal "$before" "$(transactions)" "what namespaces ask is not asked of the host's resolver"
	check "nor could it be" nsnetctl exec ns1 sh -c '! test -S /run/systemd/resolve/io.systemd.Resolve'
}

# Somebody else's process inside: seen, and ended where that is asked for.
busy() {
	check "a namespace for a user's service" nsnetctl create busy --network none
	check "the service" systemd-run --quiet --unit inside --service-type=exec --property NetworkNamespacePath=/run/netns/busy --property User=member \
		sleep infinity
	nsnetctl delete busy >$seen 2>&1
	equal 5 $? "a namespace with a process of any user inside is not deleted"
	says "^NSNET_NAMESPACE=busy$" "the journal knows of it" journalctl --quiet --output export NSNET_NAMESPACE=busy
	check "delete --kill" nsnetctl delete --kill busy
	eventually sh -c '! systemctl is-active inside.service'
	says '^ExecMainStatus=9$' "delete --kill has ended it" systemctl show --property ExecMainStatus inside.service
}

system_clients() {
	socat_reply=$(printf '{"method":"org.varlink.service.GetInfo"}\0' | timeout 10 socat -t 5 - UNIX-CONNECT:$socket | tr '\0' '\n')
	echo "$socat_reply" >$seen
	grep -q '"parameters": \?{.*"vendor".*"interfaces"' $seen
	report $? "socat: GetInfo is answered"
	if [ "$(. /etc/os-release && echo "$VERSION_ID")" -lt 13 ]; then
		return # systemd 252 has no varlinkctl
	fi
	says 'alt\.nsnet' "varlinkctl info" varlinkctl info $socket
	says 'org\.varlink\.service' "varlinkctl list-interfaces" varlinkctl list-interfaces $socket
	says '^method CreateNamespace\(' "varlinkctl introspect alt.nsnet" varlinkctl introspect $socket alt.nsnet
	says '^method GetInfo\(' "varlinkctl introspect org.varlink.service" varlinkctl introspect $socket org.varlink.service
	says '^alt\.nsnet\.ListNamespaces$' "varlinkctl list-methods" varlinkctl list-methods $socket
	says '"administrator" ?: ?true' "varlinkctl call" varlinkctl call --json=short $socket alt.nsnet.Describe '{}'
	check "varlinkctl call makes a namespace" varlinkctl call $socket alt.nsnet.CreateNamespace '{"name":"ns3"}'
	varlinkctl call --more --json=short $socket alt.nsnet.ListNamespaces '{}' >$seen 2>&1
	equal "0 ns1 ns2 ns3" "$? $(grep -o '"name":"ns.",\?' $seen | cut -d'"' -f4 | tr '\n' ' ' | sed 's/ $//')" \
		"varlinkctl call --more"
	varlinkctl call $socket alt.nsnet.DeleteNamespaces '{"names":["nobody"]}' >$seen 2>&1
	[ $? != 0 ] && grep -q 'alt\.nsnet\.NoSuchNamespace' $seen
	report $? "varlinkctl call shows an error by its name"
	check "varlinkctl call deletes it" varlinkctl call $socket alt.nsnet.DeleteNamespaces '{"names":["ns3"]}'
	check "the default network goes" nsnetctl network delete default
}

gone() {
	check "delete" nsnetctl delete ns1 ns2
	check "network delete" nsnetctl network delete br1
	eventually links_gone
	equal "lo" "$(ip -br link | cut -d' ' -f1)" "no link is left"
	equal "" "$(ip netns list)" "no name is left"
	equal "" "$(ls /run/netns)" "no file is left"
	equal "0" "$(grep -c ' /run/netns/' /proc/1/mountinfo)" "no mount is left"
	equal "" "$(ip -4 route show table all | grep -v ' dev lo ')$(ip -6 route show table all | grep -v ' dev lo ')" \
		"no route is left"
	eventually sh -c '! pgrep dnsmasq'
	equal "" "$(pgrep --list-name dnsmasq)" "no name server is left"
	equal "" "$(systemctl list-units --all --no-legend --plain 'nsnet-dns@*')" "nor its unit"
	equal "" "$(find /run/nsnetd /var/lib/nsnetd -name '*ns1*' -o -name '*ns2*' -o -name '*br1*')" "no record is left"
}

stopped() {
	check "nsnetctl create" nsnetctl create ns1 --network none
	check "stop" systemctl stop nsnetd.socket nsnetd.service
	equal 1 "$(mounts ns1)" "a namespace outlives the daemon's stop"
	check "no socket is left" test ! -e $socket
	nsnetctl list >$seen.out 2>$seen
	equal 8 $? "without a daemon nsnetctl's exit status is 8"
	check "start" systemctl start nsnetd.socket
	says '^ns1' "it is there again" nsnetctl --no-legend list
	check "nsnetctl delete" nsnetctl delete ns1
}

# Files that declare what there is to be: one is wrong, and keeps the others from nothing.
declared() {
	mkdir -p /etc/nsnetd/topology.d
	echo '{"networks":{"declared":{"prefixes":["10.81.0.0/24"]}}}' >/etc/nsnetd/topology.d/10-networks.json
	printf '{"namespaces":{\n"wrong":{"no":1}}}\n' >/etc/nsnetd/topology.d/20-wrong.json
	echo '{"namespaces":{"declared1":{"attachments":[{"network":"declared"}]}}}' >/etc/nsnetd/topology.d/30-namespaces.json
	systemctl start nsnet-topology.service
	equal failed "$(systemctl is-failed nsnet-topology.service)" "a wrong file among those that declare is told of"
	says '20-wrong.json:2: namespaces.wrong.no' "by its line and field" journalctl --unit nsnet-topology.service --no-pager
	says 'declared1 *declared *10.81.0.2' "the others are done" nsnetctl list declared1
	rm /etc/nsnetd/topology.d/20-wrong.json
	check "without it all is well" systemctl restart nsnet-topology.service
	equal enabled "$(systemctl is-enabled nsnet-topology.service)" "and is done at boot"
}

# What the second boot is to find.
made_persistent() {
	check "a network that is to come back" nsnetctl network create lasting --subnet 10.80.0.0/24 --persistent yes
	check "a namespace on it" nsnetctl create lasts --network lasting --publish 8880:80 --persistent yes
	check "a member's own" runuser -u member -- nsnetctl create lasts-too --persistent yes
	check "one that is not" nsnetctl create fleeting --network lasting
	check "the daemon is started at boot" systemctl enable nsnetd.service
	check "which is not to be seen yet" nsnetctl delete fleeting
	state_of_lasting | without_numbers >/var/lib/before-reboot
	check "but is there as the machine goes down" nsnetctl create fleeting --network lasting
}

# Those that the kernel gives anew.
without_numbers() {
	sed -E 's/,?"hostInterfaces": ?\[[^]]*\]//g; s/,?"(inode|cookie|monotonic|bridgeIndex)": ?[0-9]+//g; s/@if[0-9]+ *//; s/ +/ /g'
}

state_of_lasting() {
	for name in lasts lasts-too; do
		nsnetctl call ListNamespaces "{\"name\":\"$name\"}"
	done
	nsnetctl call ListNetworks '{"name":"lasting"}'
	nsnetctl exec lasts ip -4 -br address show dev eth0
}

came_back() {
	equal active "$(systemctl is-active nsnetd.service)" "after a reboot the daemon runs"
	equal active "$(systemctl is-active nsnet-topology.service)" "so does what is declared"
	says 'declared1 *declared *10.81.0.2' "it is there" nsnetctl list declared1
	check "it can go" nsnetctl delete --file /etc/nsnetd/topology.d/30-namespaces.json
	check "and its network" nsnetctl delete --file /etc/nsnetd/topology.d/10-networks.json
	rm -r /etc/nsnetd/topology.d
	equal "$(printf 'lasts\nlasts-too')" "$(ip netns list | cut -d' ' -f1 | sort)" "the persistent namespaces are there, and no others"
	equal "$(cat /var/lib/before-reboot)" "$(state_of_lasting | without_numbers)" "they are as they were"
	says '^member$' "the member's is his" runuser -u member -- nsnetctl exec lasts-too id -un
	says '8880' "the port leads in" nft list map inet nsnetd ports4
	check "they go" nsnetctl delete lasts lasts-too
	check "with their networks" nsnetctl network delete lasting default
	equal "" "$(find /var/lib/nsnetd -type f)" "no file is left"
}

. "${0%/*}/checks_execute.sh"
. "${0%/*}/checks_hardening.sh"
. "${0%/*}/checks_package.sh"

if [ -e /var/lib/before-reboot ]; then
	came_back
	kept_to
	echo done
	exit
fi
packaged
installed
strict
activated
checked
callers
owned
executed
made
kept "systemctl restart" systemctl restart nsnetd.service
kept "a crash" sh -c 'systemctl kill --signal=KILL nsnetd.service; sleep 0.2'
watched
survives
units_of_namespaces
hardened
each_method
strangers_inside
name_server
name_servers
host_names
busy
system_clients
journal
gone
stopped
without_joining
declared
made_persistent
kept_to
echo done
