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
