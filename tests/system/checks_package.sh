# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# checks_package.sh - the packages: installed, upgraded, removed, installed again, purged; for checks.sh, to be sourced
#
# Afterwards they are installed.

# What an installation could leave behind. Groups stay, as Debian has it: a file could belong to them.
state_of_machine() {
	find / -xdev -regextype egrep -regex '/(proc|sys|dev|run|tmp|results|src|build|var/(log|cache|tmp|lib/(dpkg|systemd|apt)))' -prune -o \
		! -regex '/etc/(g?shadow|group|passwd)-?|/etc/\.pwd\.lock' ! -type d -printf '%p %y %m %u:%g %s %l\n' \
		-o -type d -printf '%p %y %m %u:%g\n' | sort
	find / -xdev -name '*nsnet*' ! -path '/src/*' ! -path '/build/*' ! -path '/results/*' ! -path '/var/lib/dpkg/*' ! -path '/tmp/*' | sort
	find /run -name '*nsnet*' | sort
	ls -A /run/netns 2>&1
	dpkg-query --show --showformat '${Package} ${Status}\n' | sort
	dpkg --audit
	systemctl list-unit-files --no-legend --plain
	systemctl list-units --all --no-legend --plain 'nsnet*' 'run-netns*'
	systemctl --failed --no-legend --plain
	ip -br link
	ip address show
	ip route show table all
	ip -6 route show table all
	ip rule
	ip netns list
	nft list ruleset
	cut -d' ' -f4-5 /proc/self/mountinfo | grep -E 'netns|nsnet' | sort
	pgrep -l 'nsnet|dnsmasq|ping'
}

# What the kernel counts and chooses is no setting.
settings_of_machine() {
	sysctl --all --pattern '^net\.(ipv4|ipv6|bridge|core)\.' 2>/dev/null | grep -vE 'nf_conntrack|fastopen_key' | sort
}

# packages DESCRIPTION OPTION PACKAGE…: dpkg(1) ends well
packages() {
	description=$1
	shift
	timeout 100 dpkg "$@" >$seen 2>&1 </dev/null
	report $? "$description"
}

version_of() {
	dpkg-query --show --showformat '${Version}' "$1" 2>/dev/null
}

main_pid() {
	systemctl show --property MainPID --value nsnetd.service
}

socket_inode() {
	awk -v path=$socket '$8 == path { print $7; exit }' /proc/net/unix
}

# no_less WANTED GOT DESCRIPTION: each line of the one is in the other
no_less() {
	printf '%s\n' "$1" >/tmp/wanted
	printf '%s\n' "$2" | grep -vxFf - /tmp/wanted >$seen
	[ ! -s $seen ]
	report $? "$3"
}

packaged() {
	equal "" "$(find / -xdev -name '*nsnet*' ! -path '/tmp/*' ! -path '/src/*' ! -path '/build/*' ! -path '/results/*')" "nothing of it is there"
	ip link add lent0 type veth peer name lent1
	state_of_machine >/tmp/state-before 2>&1
	settings=$(settings_of_machine)

	packages "the packages are installed" --install /build/*.deb
	equal "enabled enabled" "$(systemctl is-enabled nsnetd.socket nsnetd.service | tr '\n' ' ' | sed 's/ $//')" \
		"the socket is enabled, and so is the service"
	equal "active inactive" "$(systemctl is-active nsnetd.socket nsnetd.service | tr '\n' ' ' | sed 's/ $//')" \
		"the socket is listened on, and the daemon does not run"
	for file in /usr/share/man/man8/nsnetd.8.gz /usr/share/bash-completion/completions/nsnetctl \
		/usr/share/zsh/vendor-completions/_nsnetctl /usr/share/fish/vendor_completions.d/nsnetctl.fish; do
		check "$file is of a package" dpkg --search $file
	done
	check "what was installed is as it was packed" dpkg --verify nsnetd nsnetctl
	echo '# An administrator was here.' >>/etc/nsnetd/nsnetd.conf
	check "a network" nsnetctl network create pack --subnet 10.90.0.0/24 --persistent yes
	check "a namespace" nsnetctl create pack1 --network pack:ip=10.90.0.10 --publish 9080:80 --persistent yes
	check "another" nsnetctl create pack2 --network pack:ip=10.90.0.20 --link lent0
	check "who pings" systemd-run --quiet --unit pinging --service-type exec --property NetworkNamespacePath=/run/netns/pack1 \
		ping -i 0.1 10.90.0.20
	check "one of them is a unit, at boot as well" systemctl enable --now --quiet nsnet@pack2.service
	list=$(listed)
	pid=$(main_pid) listening=$(socket_inode)

	packages "an upgrade" --install /build/next/*.deb
	equal 99 "$(version_of nsnetd)" "it is the later version"
	eventually systemctl is-active nsnetd.service
	equal no "$([ "$(main_pid)" = "$pid" ] && echo yes || echo no)" "it is another process"
	equal /usr/sbin/nsnetd "$(readlink /proc/"$(main_pid)"/exe)" "of the file that was installed last"
	equal "$listening" "$(socket_inode)" "the socket was listened on all the time"
	equal "$list" "$(listed)" "the list is the same"
	says 'administrator was here' "an administrator's configuration stays" cat /etc/nsnetd/nsnetd.conf

	packages "a removal" --remove nsnetd nsnetctl
	equal "" "$(ls /usr/sbin/nsnetd /usr/bin/nsnetctl /usr/lib/systemd/system/nsnet* 2>/dev/null)" "the files have gone"
	equal inactive "$(systemctl is-active nsnetd.socket)" "nobody listens"
	equal "pack1 pack2" "$(ip netns list | cut -d' ' -f1 | sort | tr '\n' ' ' | sed 's/ $//')" "namespaces stay"
	check "and talk" ip netns exec pack2 ping -c 1 -W 5 10.90.0.10
	packages "another installation" --install /build/*.deb
	equal "$list" "$(listed)" "finds them"
	check "and needs no copy" test ! -e /var/lib/nsnetd/nsnetd
	systemctl kill --signal=INT pinging.service
	eventually sh -c '! systemctl is-active pinging.service'
	says ' 0% packet loss' "a ping that ran over all of it has lost nothing" \
		journalctl --quiet --no-pager --output cat --unit pinging.service

	check "somebody inside" systemd-run --quiet --unit inside --service-type exec --collect \
		--property NetworkNamespacePath=/run/netns/pack1 sleep infinity
	packages "a purge" --purge nsnetd nsnetctl
	eventually sh -c '! systemctl is-active inside.service'
	eventually sh -c '[ "$(ip -br link | wc -l)" = 3 ]'
	state_of_machine >/tmp/state-after 2>&1
	diff /tmp/state-before /tmp/state-after >$seen
	report $? "it leaves nothing: no file, unit, process, link, address, route, rule or mount"
	no_less "$settings" "$(settings_of_machine)" "settings are as they were"
	says '^nsnet:' "but the groups, as Debian has it" getent group nsnet
	ip link delete lent0
	packages "the packages are installed for good" --install /build/*.deb
}
