# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checks_hardening.sh - namespaces as units, what the daemon is kept from, and what its end costs; for checks.sh

# over UNIT…: none of them runs any more, within ten seconds
over() {
	eventually sh -c '! systemctl is-active "$@" | grep -vxE "inactive|failed"' sh "$@"
}

# A service that is bound to a namespace as a unit, with a declaration and without.
units_of_namespaces() {
	unit=nsnet@u.nit-1.service
	systemctl start $unit 2>/dev/null
	equal failed "$(systemctl is-active $unit)" "a namespace as a unit: there must be something to make it of"
	says 'declare it in /etc/nsnetd/namespaces/u\.nit-1\.json' "the journal says so" journalctl --quiet --no-pager --unit $unit
	mkdir -p /etc/nsnetd/namespaces
	echo '{"namespaces":{"u.nit-1":{"attachments":[],"description":"declared"}}}' >/etc/nsnetd/namespaces/u.nit-1.json
	cat >/run/systemd/system/bound.service <<-END
		[Unit]
		BindsTo=$unit
		After=$unit
		[Service]
		NetworkNamespacePath=/run/netns/u.nit-1
		ExecStart=sleep infinity
	END
	systemctl daemon-reload
	check "a service that is bound to one starts" systemctl start bound.service
	equal "active active" "$(echo $(systemctl is-active $unit bound.service))" "with its namespace"
	eventually sh -c 'ip netns identify $(systemctl show --property MainPID --value bound.service) | grep -x u.nit-1'
	report $? "and runs inside"
	check "the daemon's restart" systemctl restart nsnetd.service
	equal "active active" "$(echo $(systemctl is-active $unit bound.service))" "is none of theirs"
	echo '{"namespaces":{"u.nit-1":{"attachments":[],"description":"declared again"}}}' >/etc/nsnetd/namespaces/u.nit-1.json
	check "another declaration" systemctl reload $unit
	says 'declared again' "is taken on by a reload" nsnetctl list --json u.nit-1
	check "the unit stops" systemctl stop $unit
	equal "inactive" "$(systemctl is-active bound.service)" "and the service with it"
	equal "" "$(ip netns list | grep u.nit-1)" "and the namespace is gone"
	rm -r /etc/nsnetd/namespaces
	check "it starts without a declaration" systemctl start bound.service
	says 'declared again' "and is as it was" nsnetctl list --json u.nit-1
	eventually sh -c 'ip netns identify $(systemctl show --property MainPID --value bound.service) | grep -x u.nit-1'
	check "ip netns deletes it" ip netns delete u.nit-1
	over $unit bound.service
	report $? "with it go the unit and who is bound to it"
	check "it starts again" systemctl start $unit
	systemctl stop nsnetd.service nsnetd.socket
	check "ip netns deletes it while no daemon runs" ip netns delete u.nit-1
	equal active "$(systemctl is-active $unit)" "which the unit does not notice"
	check "the daemon starts" systemctl start nsnetd.socket nsnetd.service
	over $unit
	report $? "and has it stopped"
	check "what is kept of it" systemctl clean --what=state $unit
	rm /run/systemd/system/bound.service
	systemctl daemon-reload
	systemctl reset-failed
	check "what is set for programs in lent namespaces has a place" systemctl cat nsnet-exec.slice
	equal "$socket" "$(readlink /run/varlink/registry/alt.nsnet)" "varlinkctl list-registry would find the interface"
}

# What the daemon holds is found again by its mounts and its records: systemd stores no descriptors for it.
survives() {
	equal "0 0" "$(echo $(systemctl show --property FileDescriptorStoreMax --property NFileDescriptorStore --value nsnetd.service))" \
		"no descriptor is stored"
	list=$(listed)
	ip netns exec ns1 ping -i 0.1 10.10.0.20 >/tmp/pinged 2>&1 &
	pinging=$!
	pid=$(systemctl show --property MainPID --value nsnetd.service)
	check "systemd executes itself anew" systemctl daemon-reexec
	eventually systemctl is-active nsnetd.service
	equal "$pid" "$(systemctl show --property MainPID --value nsnetd.service)" "the daemon is the same process"
	equal "$list" "$(listed)" "with the same list"
	check "nsnetd.service restarts after that" systemctl restart nsnetd.service
	equal "$list" "$(listed)" "and has the same list"
	check "it is killed" systemctl kill --signal=KILL nsnetd.service
	equal "$list" "$(listed)" "and has the same list"
	check "it is stopped" systemctl stop nsnetd.service
	equal "$list" "$(listed)" "and has the same list at the next call"
	equal 1 "$(mounts ns1)" "a namespace is one mount still"
	kill -INT $pinging
	wait $pinging
	says ' 0% packet loss' "a ping that ran has lost nothing" tail -n 3 /tmp/pinged
}

# What the filter of the unit does not let through is the daemon's end, from here to the last check, instead of an error that
# might go unnoticed.
strict() {
	mkdir -p /etc/systemd/system/nsnetd.service.d
	printf '[Service]\nSystemCallErrorNumber=kill\n' >/etc/systemd/system/nsnetd.service.d/strict.conf
	systemctl daemon-reload
}

# The daemon itself ends by SIGSYS where it executes anything.
kept_to() {
	equal "" "$(journalctl --quiet --no-pager --unit nsnetd.service --grep 'status=31/SYS')" \
		"no system call but those of the unit was made, nor a program executed"
	rm -r /etc/systemd/system/nsnetd.service.d
	systemctl daemon-reload
}

# In tenths, as --threshold= has them.
most_exposed() {
	if [ "$(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')" -ge 253 ]; then
		echo 25
	else
		echo 28
	fi
}

hardened() {
	check "what the daemon is exposed to is $(most_exposed) tenths at most" \
		systemd-analyze security --no-pager --threshold="$(most_exposed)" nsnetd.service
	systemd-analyze security --no-pager nsnetd.service nsnet@.service nsnet-topology.service nsnet-dns@.service |
		sed -n 's/.*Overall exposure level for \(.*\): \([0-9.]*\).*/ok      (\1: \2)/p'
	pid=$(systemctl show --property MainPID --value nsnetd.service)
	equal no "$([ "$(readlink /proc/$pid/ns/mnt)" = "$(readlink /proc/1/ns/mnt)" ] && echo yes || echo no)" "it has mounts of its own"
	equal "$(peers /proc/1/mountinfo)" "$(peers /proc/$pid/mountinfo)" "but that of names, which is the host's as well"
	equal "$(peers /proc/1/mountinfo)" "$(peers /proc/1/mountinfo | grep -x 'shared:[0-9]*')" "and nobody else's"
	equal "" "$(find /proc/$pid/root/home /proc/$pid/root/root -mindepth 1)" "it sees nobody's home"
	for place in /etc /usr /var/lib /run /proc/sys/kernel; do
		check "it cannot write to $place" test ! -w /proc/$pid/root$place
	done
	# SETGID, SETUID, NET_ADMIN, SYS_ADMIN.
	for set in CapEff CapPrm; do
		equal 00000000002010c0 "$(sed -n "s/^$set:[[:space:]]*//p" /proc/$pid/status)" "it has the four rights that it needs ($set)"
	done
	equal 2 "$(sed -n 's/^Seccomp:[[:space:]]*//p' /proc/$pid/status)" "its system calls are filtered"
}

# The peer group of /run/netns.
peers() {
	sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \/run\/netns [^ ]* \(.*\) - .*/\1/p' "$1"
}

# tries METHOD PARAMETERS [--more]: it is answered, and not with an error
tries() {
	tried="$tried $1"
	check "$1" nsnetctl call ${3-} "$1" "$2"
}

# Each method does what it is for, under the unit's restrictions. What runs programs has checks of its own.
each_method() {
	tried=
	tries Describe '{}'
	tries CreateNetwork '{"name":"every","context":{"prefixes":["10.77.0.0/24"]}}'
	tries SetNetwork '{"name":"every","context":{"isolated":true,"persistent":true}}'
	tries ListNetworks '{"name":"every"}'
	tries CreateNamespace '{"name":"every1","context":{"attachments":[{"network":"every","addresses":["10.77.0.7"]}]}}'
	tries SetNamespace '{"name":"every1","context":{"ports":[{"protocol":"tcp","hostPort":7777,"namespacePort":7}],
		"attachments":[{"network":"every","shaping":{"sendRate":1000000,"receiveRate":1000000}}],
		"sysctls":{"net.ipv4.ip_forward":"1"},"nameServers":["10.77.0.1"],"persistent":true,
		"routes":[{"destination":"192.0.2.0/24","gateway":"10.77.0.1"}]}}'
	says '192\.0\.2\.0/24 via 10\.77\.0\.1' "which is done" ip -n every1 route
	says '^1$' "all of it" ip netns exec every1 cat /proc/sys/net/ipv4/ip_forward
	says '10\.77\.0\.7 \. 7' "in the firewall too" nft list map inet nsnetd ports4
	tries ListNamespaces '{"name":"every1","inspect":true}'
	tries OpenNamespace '{"name":"every1"}'
	tries Apply '{"namespaces":{"every2":{"attachments":[{"network":"every"}]}}}'
	says 'every2' "ip netns list has it" ip netns list
	says '10\.77\.0\.' "ip netns exec enters it" ip netns exec every2 ip -4 address show dev eth0
	tries Check '{"names":["every1"]}' --more
	tried="$tried Monitor"
	timeout 2 nsnetctl monitor -j >$seen 2>&1
	grep -q '"ready"' $seen
	report $? "Monitor"
	tries DeleteNamespaces '{"names":["every1","every2"],"wait":true}'
	tries DeleteNetworks '{"names":["every"]}'
	equal "$(sed -n 's/^method \([A-Za-z]*\).*/\1/p' /src/protocol/alt.nsnet.varlink | grep -vx Execute | sort | tr '\n' ' ')" \
		"$(echo $tried | tr ' ' '\n' | sort | tr '\n' ' ')" "which are all methods"
}

# Somebody's process, whoever he is and however he came in, is seen and ended: the daemon may look into none of them.
strangers_inside() {
	check "a namespace of the host's" nsnetctl create inside1 --network none
	check "a member's own" runuser -u member -- nsnetctl create inside2 --network none
	ip netns exec inside1 sleep 1000 &
	wanted=$!
	systemd-run --quiet --unit insider --service-type=exec --property NetworkNamespacePath=/run/netns/inside1 \
		--property User=stranger sleep 1000
	wanted="$wanted $(systemctl show --property MainPID --value insider.service)"
	wanted=$(echo $wanted | tr ' ' '\n' | sort -n)
	for _ in $(seq 100); do
		[ "$(ip netns pids inside1 | sort -n)" != "$wanted" ] || break
		sleep 0.1
	done
	equal "$wanted" "$(inside inside1)" "root's process and a user's are seen"
	for option in "" --root --pid; do
		runuser -u member -- nsnetctl exec $option inside2 sleep 1000 &
	done
	eventually sh -c '[ "$(ip netns pids inside2 | xargs ps -o comm= -p | grep -cx sleep)" = 3 ]'
	equal "$(ip netns pids inside2 | sort -n)" "$(inside inside2)" "a member's in his own are, in each of its user namespaces"
	nsnetctl delete inside1 inside2 >$seen 2>&1
	equal 5 $? "they keep the namespaces"
	check "and are ended" nsnetctl delete --kill inside1 inside2
	wait
	over insider.service
	report $? "all of them"
	systemctl reset-failed
}

inside() {
	nsnetctl call ListNamespaces "{\"name\":\"$1\",\"inspect\":true}" | grep -o '"pid":[0-9]*' | cut -d: -f2 | sort -n
}

# with DROP-IN: nsnetd.service with these lines in its section [Service]
with() {
	mkdir -p /run/systemd/system/nsnetd.service.d
	printf '[Service]\n%b' "$1" >/run/systemd/system/nsnetd.service.d/with.conf
	systemctl daemon-reload
	systemctl reset-failed nsnetd.service
}

# A kernel that cannot join mounts of two namespaces: told in one line; and with the file that is there for it, all works.
without_joining() {
	check "a namespace" nsnetctl create before --network none
	with 'SystemCallErrorNumber=ENOSYS\nSystemCallFilter=~move_mount\n'
	systemctl restart nsnetd.service 2>/dev/null
	equal "failed 78" "$(systemctl is-active nsnetd.service) $(systemctl show --property ExecMainStatus --value nsnetd.service)" \
		"where mounts cannot be joined nothing is served"
	says 'takes Linux 5\.15' "the journal says why" journalctl --quiet --no-pager --unit nsnetd.service
	with "SystemCallErrorNumber=ENOSYS\nSystemCallFilter=~move_mount\n$(grep -v '^[#[]' /usr/share/nsnetd/host-mounts.conf)\n"
	check "without mounts of its own all is" systemctl restart nsnetd.service
	pid=$(systemctl show --property MainPID --value nsnetd.service)
	equal "$(readlink /proc/1/ns/mnt)" "$(readlink /proc/$pid/ns/mnt)" "by those of the host"
	check "a namespace more" nsnetctl create after --network none
	check "is there for all" ip netns exec after true
	rm -r /run/systemd/system/nsnetd.service.d
	systemctl daemon-reload
	check "and with them again" systemctl restart nsnetd.service
	equal "1 1" "$(mounts before) $(mounts after)" "each is one mount on the host"
	check "they go" nsnetctl delete before after
	equal "0 0" "$(mounts before) $(mounts after)" "for all"
}
