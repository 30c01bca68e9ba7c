# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checks_execute.sh - namespaces that are lent, and units of users; read by checks.sh
#
# alice is of the group that the namespace is lent to, carol is named by herself; member is of neither.

# alice COMMAND…, as she would type it
alice() {
	runuser -u alice -- "$@"
}

# typed TEXT: what is seen where a shell of alice's, with a terminal of 33 lines and 77 columns on which nobody types, is told so
typed() {
	printf '%s\n' "stty rows 33 cols 77" "$1" >/tmp/typed
	chmod 644 /tmp/typed
	[ -p /home/alice/keys ] || mkfifo --mode 666 /home/alice/keys
	timeout 30 runuser -u alice -- script --quiet --return --command "sh /tmp/typed" /dev/null <>/home/alice/keys | tr -d '\r'
}

exec_units() {
	systemctl list-units --all --plain --no-legend 'nsnet-exec-*.service'
}

no_exec_units() {
	[ -z "$(exec_units)" ]
}

lent() {
	says '"execute"' "programs can be run for others" nsnetctl call Describe
	groupadd vpnusers
	useradd --create-home --groups nsnet,vpnusers alice
	useradd --create-home --groups nsnet carol
	check "a namespace is lent to a group" nsnetctl create vpn --network none --dns 192.0.2.53 --allow @vpnusers
	check "and to a user" nsnetctl set vpn --allow +carol
	says 'Lent to +@vpnusers' "which is shown" nsnetctl show vpn
	nsnetctl set vpn --allow +nobody-there >$seen 2>&1
	equal 2 $? "not to nobody"
	equal vpn "$(alice nsnetctl list -q)" "she sees it"
	equal vpn "$(runuser -u carol -- nsnetctl list -q)" "so does he who is named"
	equal "" "$(runuser -u member -- nsnetctl list -q)" "nobody else does"
	runuser -u member -- nsnetctl exec vpn true >/tmp/told 2>&1
	equal 125 $? "nor gets in"
	says 'no namespace "vpn"' "and is told that there is none" cat /tmp/told
	equal alice "$(alice nsnetctl exec vpn id -un)" "she runs a program in it as herself"
	equal "$(alice id -G | tr ' ' '\n' | sort)" "$(alice nsnetctl exec vpn id -G | tr ' ' '\n' | sort)" "with her groups"
	equal carol "$(runuser -u carol -- nsnetctl exec vpn id -un)" "so does carol"
	equal administrator "$(runuser -u administrator -- nsnetctl exec vpn id -un)" "and an administrator who is not root"
	equal "0000000000000000 0000000000000000 0000000000000000 0000000000000000" \
		"$(alice nsnetctl exec vpn sed -n 's/^Cap\(Inh\|Prm\|Eff\|Amb\):[[:space:]]*//p' /proc/self/status | tr '\n' ' ' | sed 's/ $//')" \
		"she has no capability"
	equal 1 "$(alice nsnetctl exec vpn sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)" "and gets none"
	equal "$(ip netns exec vpn readlink /proc/self/ns/net)" "$(alice nsnetctl exec vpn readlink /proc/self/ns/net)" "it is that namespace"
	equal lo "$(alice nsnetctl exec vpn ls /sys/class/net)" "/sys is that of the namespace"
	for change in "ip link add dummy0 type dummy" "ip link set lo down" "ip address add 192.0.2.1/32 dev lo" \
		"sysctl -w net.ipv4.ip_forward=1" "nft add table x"; do
		alice nsnetctl exec vpn $change >$seen 2>&1
		[ $? != 0 ]
		report $? "she cannot: $change"
	done
	alice nsnetctl set vpn --description hers >$seen 2>&1
	equal 4 $? "nor change it from outside"
	alice nsnetctl delete vpn >$seen 2>&1
	equal 4 $? "nor delete it"
	alice nsnetctl exec --root vpn true >$seen 2>&1
	equal 125 $? "nor be root in it"
	check "it answers" runuser -u alice -- nsnetctl exec vpn ping -c 1 -W 5 127.0.0.1
}

lent_files() {
	equal "nameserver 192.0.2.53" "$(alice nsnetctl exec vpn cat /etc/resolv.conf)" "in it the VPN's name server is asked"
	equal "hosts: files dns" "$(alice nsnetctl exec vpn grep ^hosts: /etc/nsswitch.conf | tr -s '[:space:]' ' ' | sed 's/ $//')" \
		"by the C library, and nothing of the host's"
	says '^127\.0\.1\.1[[:space:]]vpn$' "hosts is the namespace's" runuser -u alice -- nsnetctl exec vpn cat /etc/hosts
	alice nsnetctl exec vpn ls /run/systemd/resolve >$seen 2>&1
	! grep -q io.systemd $seen
	report $? "the host's resolver is not there"
	mkdir -p /etc/netns/vpn
	echo "search example.org" >/etc/netns/vpn/resolv.conf
	equal "search example.org" "$(alice nsnetctl exec vpn cat /etc/resolv.conf)" "an administrator's file wins"
	rm -r /etc/netns/vpn
	equal "" "$(find /etc -newer /tmp/before-lent -name 'resolv.conf*' -o -newer /tmp/before-lent -name 'hosts')" \
		"nothing of it is made on the host"
}

lent_manner() {
	alice nsnetctl exec vpn sh -c 'exit 7'
	equal 7 $? "the exit status is told"
	alice nsnetctl exec vpn sh -c 'kill -USR1 $$'
	equal 138 $? "a signal too"
	alice nsnetctl exec vpn no-such-command >$seen 2>&1
	equal 127 $? "a command that is not there"
	alice nsnetctl exec vpn /etc/passwd >$seen 2>&1
	equal 126 $? "one that cannot be run"
	equal ABC "$(echo abc | alice nsnetctl exec vpn tr a-c A-C)" "standard input and output are the caller's"
	equal err "$(alice nsnetctl exec vpn sh -c 'echo err >&2' 2>&1 >/dev/null)" "so is the standard error"
	equal "$(printf 'two\nlines \303 %%h $x')" "$(alice env "V=$(printf 'two\nlines \303 %%h $x')" nsnetctl exec vpn printenv V)" \
		"variables come through to the last byte"
	equal "$(printf 'a\nb \377 $HOME %%n')" "$(alice nsnetctl exec vpn printf '%s' "$(printf 'a\nb \377 $HOME %%n')")" "arguments too"
	equal yes "$(alice nsnetctl exec --env HOT=yes vpn printenv HOT)" "--env is one more"
	equal vpn "$(alice nsnetctl exec vpn printenv NSNET_NAMESPACE)" "NSNET_NAMESPACE is there"
	equal /home/alice "$(cd /home/alice && alice nsnetctl exec vpn pwd)" "the directory is the caller's"
	equal /usr "$(alice nsnetctl exec --chdir /usr vpn pwd)" "or that of --chdir"
	equal 0027 "$(alice sh -c 'umask 027; nsnetctl exec vpn sh -c umask')" "the umask is"
	equal 77 "$(alice sh -c 'ulimit -n 77; nsnetctl exec vpn sh -c "ulimit -n"')" "limits are"
	equal "0 1 2" "$(alice nsnetctl exec vpn sh -c 'ls /proc/$$/fd' | tr '\n' ' ' | sed 's/ $//')" "there are no other descriptors"
	says '/nsnet\.slice/nsnet-exec\.slice/nsnet-exec-vpn-' "it is in a unit of its own" runuser -u alice -- nsnetctl exec vpn cat /proc/self/cgroup
	eventually no_exec_units
	report $? "of which nothing is left"
}

lent_terminal() {
	equal "33 77" "$(typed 'nsnetctl exec vpn stty size')" "a terminal: of the size of the caller's"
	equal other "$(typed '[ "$(nsnetctl exec vpn tty)" = "$(tty)" ] || echo other')" "and not his"
	equal tty "$(typed 'nsnetctl exec vpn sh -c "echo tty >/dev/tty"')" "which it may open"
	equal "44 88" "$(typed '(until test -e /tmp/asked; do sleep 0.1; done; stty rows 44 cols 88 </dev/tty) &
		nsnetctl exec vpn sh -c "touch /tmp/asked; n=0; until [ \"\$(stty size)\" = \"44 88\" ] || [ \$n = 100 ]; do n=\$((n + 1)); sleep 0.1; done; stty size"')" \
		"a new size is passed on"
	equal same "$(typed 'stty -g >/tmp/a; nsnetctl exec vpn stty raw; stty -g >/tmp/b; cmp -s /tmp/a /tmp/b && echo same')" \
		"afterwards the caller's is as it was"
	equal same "$(typed 'stty -g >/tmp/a
		(until stty -a </dev/tty | grep -q -e -icanon; do sleep 0.1; done; pkill -KILL -o -x -u alice nsnetctl) &
		nsnetctl exec vpn sleep 60 2>/dev/null
		n=0; until stty -g >/tmp/b; cmp -s /tmp/a /tmp/b || [ $n = 100 ]; do sleep 0.1; n=$((n + 1)); done
		cmp -s /tmp/a /tmp/b && echo same' | grep -v Killed)" "even where nsnetctl is killed"
	rm -f /tmp/a /tmp/b /tmp/asked
	equal x "$(typed 'echo x | nsnetctl exec vpn cat')" "a pipe beside a terminal"
	equal 100000 "$(typed 'nsnetctl exec vpn seq 100000 | tail -n 1')" "another pipe"
	equal 20000 "$(typed 'nsnetctl exec vpn seq 20000' | tail -n 1)" "what is written last comes"
	equal 130 "$(typed '(until test -e /tmp/asked; do sleep 0.1; done; printf "\003" >/home/alice/keys) &
		nsnetctl exec vpn sh -c "touch /tmp/asked; exec sleep 60"; echo $?' | tr -d '^C')" "^C is for the program"
	rm -f /tmp/asked
	eventually no_exec_units
	report $? "nothing is left of them"
}

# What is running in the namespace, as systemd has it.
lent_running() {
	systemctl list-units --plain --no-legend --state=running 'nsnet-exec-vpn-*.service' | cut -d' ' -f1
}

lent_ends() {
	alice nsnetctl exec vpn sh -c 'trap "echo heard; exit 9" TERM; echo ready; while :; do sleep 0.1; done' >/tmp/trapped 2>&1 &
	running=$!
	eventually grep -q ready /tmp/trapped
	pkill -TERM -o -u alice -x nsnetctl
	wait $running
	equal 9 $? "a signal is passed on"
	says heard "to the command" cat /tmp/trapped
	eventually no_exec_units
	alice nsnetctl exec vpn sh -c 'sleep 1000 & sleep 1000' &
	running=$!
	eventually sh -c '[ -n "$(systemctl list-units --plain --no-legend --state=running "nsnet-exec-vpn-*.service")" ]'
	check "nsnetctl is killed" pkill -KILL -o -u alice -x nsnetctl
	wait $running
	eventually no_exec_units
	report $? "its program ends, and all that it started"
	eventually sh -c '! pgrep -u alice -x sleep'
	report $? "to the last process"
}

lent_restart() { # HOW COMMAND…
	how=$1
	shift
	rm -f /tmp/go
	alice nsnetctl exec vpn sh -c 'echo ready; until test -e /tmp/go; do sleep 0.1; done; echo done; exit 3' >/tmp/went 2>&1 &
	running=$!
	eventually grep -q ready /tmp/went
	check "$how while a program runs" "$@"
	check "the daemon serves again" nsnetctl list
	touch /tmp/go
	wait $running
	equal 3 $? "the program has gone on, and its status is told"
	equal "ready done" "$(tr '\n' ' ' </tmp/went | sed 's/ $//')" "so is all that it said"
	rm -f /tmp/go /tmp/went
	eventually no_exec_units
	report $? "nothing is left of it"
}

# Units of a user's own manager: his namespace, one that was lent, one for one command.
user_unit() { # NAME COMMAND
	mkdir -p /home/alice/.config/systemd/user
	printf '[Service]\nType=exec\nExecStart=%s\n' "$2" >/home/alice/.config/systemd/user/$1.service
	chown -R alice: /home/alice/.config
}

user_units() { # HOW
	check "$1: she makes a namespace" runuser -u alice -- nsnetctl create web
	user_unit inweb "/usr/bin/nsnetctl exec web sh -c 'ip -brief address show dev eth0 >/tmp/inweb && exec sleep 1000'"
	user_unit invpn "/usr/bin/nsnetctl exec vpn sh -c 'cat /etc/resolv.conf >/tmp/invpn && exec sleep 1000'"
	user_unit inrun "/usr/bin/nsnetctl run -- sh -c 'ip -brief address show dev eth0 >/tmp/inrun && exec sleep 1000'"
	check "$1: her manager reads her units" $as_user systemctl --user daemon-reload
	for unit in inweb invpn inrun; do
		check "$1: $unit starts" $as_user systemctl --user start $unit.service
		eventually test -s /tmp/$unit
	done
	says '^eth0' "$1: a unit in her namespace" cat /tmp/inweb
	says '^nameserver 192\.0\.2\.53$' "$1: one in a namespace that is lent" cat /tmp/invpn
	says '^eth0' "$1: one with a namespace of its own" cat /tmp/inrun
	equal "active active active" "$($as_user systemctl --user is-active inweb invpn inrun | tr '\n' ' ' | sed 's/ $//')" "$1: they run"
	check "$1: they are stopped" $as_user systemctl --user stop inweb.service invpn.service inrun.service
	eventually sh -c '! pgrep -u alice -x sleep'
	report $? "$1: nothing runs any more"
	eventually no_exec_units
	report $? "$1: nor is a unit left"
	equal "vpn web" "$(alice nsnetctl list -q | tr '\n' ' ' | sed 's/ $//')" "$1: nor a namespace"
	check "$1: her namespace goes" runuser -u alice -- nsnetctl delete web
	rm -f /tmp/inweb /tmp/invpn /tmp/inrun
}

executed() {
	touch /tmp/before-lent
	lent
	lent_files
	lent_manner
	lent_terminal
	lent_ends
	lent_restart "systemctl restart" systemctl restart nsnetd.service
	lent_restart "a crash" systemctl kill --signal=KILL nsnetd.service
	as_user="runuser -u alice -- env XDG_RUNTIME_DIR=/run/user/$(id -u alice)"
	manager=user@$(id -u alice).service
	# There is no PAM module in this root that would tell it.
	mkdir -p /run/systemd/system/user@.service.d
	printf '[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=/run/user/%%i\n' >/run/systemd/system/user@.service.d/pam.conf
	systemctl daemon-reload
	check "alice lingers" loginctl enable-linger alice
	eventually $as_user systemctl --user show-environment
	user_units lingering
	check "she lingers no more" loginctl disable-linger alice
	systemctl stop $manager
	check "her manager is started as for a session" systemctl start $manager
	eventually $as_user systemctl --user show-environment
	user_units "not lingering"
	systemctl stop $manager
	mkdir -p /etc/nsnetd/nsnetd.conf.d
	printf '[Policy]\nExecuteNewPrivileges=yes\n' >/etc/nsnetd/nsnetd.conf.d/privileges.conf
	check "programs may gain privileges" systemctl reload nsnetd.service
	equal 0 "$(alice nsnetctl exec vpn sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)" "where an administrator says so"
	rm /etc/nsnetd/nsnetd.conf.d/privileges.conf
	check "no more" systemctl reload nsnetd.service
	check "it is lent no more" nsnetctl set vpn --allow none
	alice nsnetctl exec vpn true >$seen 2>&1
	equal 125 $? "she gets in no more"
	check "it goes" nsnetctl delete vpn
	check "the default network goes" nsnetctl network delete default
}
