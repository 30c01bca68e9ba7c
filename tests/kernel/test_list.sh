#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_list - what list and show tell, on a terminal and in a pipe, and the traffic of namespaces as it goes on
#
#     test_list.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
export LC_ALL=C.UTF-8

# on_terminal COLUMNS ROWS SECONDS COMMAND…: what it prints on a terminal of that size; ended after so many seconds
on_terminal() {
	python3 - "$@" <<-'END'
		import fcntl, os, pty, struct, sys, termios
		columns, rows, seconds = [int(text) for text in sys.argv[1:4]]
		pid, master = pty.fork()
		if pid == 0:
		    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
		    os.environ.update(TERM="dumb", PAGER="cat")
		    os.execvp("timeout", ["timeout", "--foreground", str(seconds), *sys.argv[4:]])
		text = b""
		try:
		    while data := os.read(master, 65536):
		        text += data
		except OSError:
		    pass
		print(text.decode().replace("\r", ""), end="")
	END
}
# as_wide WIDTH COMMAND…: prints lines, none of which is longer
as_wide() {
	"${@:2}" | sed 's/\x1b\[[HJ]//g' >$work/lines
	cat $work/lines
	[ -s $work/lines ] && [ "$(wc -L <$work/lines)" -le "$1" ]
}

members_start
check "a network" nsnetctl network create lan --subnet 10.50.1.0/24 --subnet fd50:1::/64
check "another" nsnetctl network create back --subnet 10.50.2.0/24 --subnet fd50:2::/64
check "namespaces" sh -c 'nsnetctl create web --network lan:ip=10.50.1.2,ip=fd50:1::2 --network back:ip=10.50.2.2,ip=fd50:2::2 \
		--publish 8080:80 --publish 53/udp --dns 192.0.2.53 && nsnetctl create lonely --network none'
nsnetctl exec web sleep 1000 &
sleeper=$!
check "a program inside" eventually sh -c "[ \"\$(readlink /proc/$sleeper/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
same "list" "NAME    NETWORK  ADDRESS               PUBLISHED        PROCESSES  OWNER
lonely  -        -                     -                0          root
web     lan      10.50.1.2, fd50:1::2  8080:80, 53/udp  1          root
web     back     10.50.2.2, fd50:2::2  -                1          root" sh -c 'nsnetctl list | sed "s/ *$//"'
long=a-name-that-is-as-long-as-a-name-can-be-at-all-8
check "a long name" nsnetctl create $long --network lan:ip=10.50.1.3,ip=fd50:1::3
show "in a pipe each is in one line" "$long  lan      10.50.1.3, fd50:1::3" nsnetctl list
for columns in 80 60; do
	check "list fits in $columns columns" as_wide $columns on_terminal $columns 24 9 nsnetctl list
	check "the graph" as_wide $columns on_terminal $columns 24 9 nsnetctl graph
	check "networks" as_wide $columns on_terminal $columns 24 9 nsnetctl network list
done
check "traffic fits" as_wide 80 on_terminal 80 24 2 nsnetctl list --watch=0.5
show "it is there" RECEIVING cat $work/lines
show "nothing is left out" "fd50:1::3" on_terminal 60 24 9 nsnetctl list
check "show" as_wide 80 on_terminal 80 24 9 nsnetctl show web lonely
for text in "up, network back, MTU 1500" "10.50.2.2/24" "default via 10.50.1.1" "Name servers 192.0.2.53" "8080/tcp -> 80" "$sleeper sleep" \
	"received " "sent "; do
	show "it tells $text" "$text" cat $work/lines
done
show "the name servers of those who have none" "Name servers" nsnetctl show $long

echo "# members"
check "one of alice's" $alice nsnetctl create hers --network none
$alice nsnetctl exec hers sleep 1000 &
hers=$!
lists() {
	[ "$("${@:2}" nsnetctl list --no-legend hers | awk '{ print $5 }')" = "$1" ]
}
check "what runs in it she is told" eventually lists 1 $alice
check "and so is root" lists 1
same "of others she sees nothing" hers $alice nsnetctl list --quiet
kill $hers

echo "# traffic"
# watched COMMAND…: of what is written while it goes on, until some awk program is content with it
nsnetctl list --json --watch=0.2 >$work/rates &
watcher=$!
nsnetctl list --watch=0.2 'w*' >$work/table &
watcher="$watcher $!"
busy() { # NAMESPACE FIELD ATLEAST
	python3 - "$@" <<-'END'
		import json, os, sys
		lines = [json.loads(line) for line in open(os.environ["RATES"]).read().splitlines()[:-1]]
		values = [rate.get(sys.argv[2], 0) for line in lines for rate in line["perSecond"] if rate["namespace"] == sys.argv[1]]
		sys.exit(not values or max(values) < int(sys.argv[3]))
	END
}
export RATES=$work/rates
check "it is told what runs" eventually busy web processes 1
refuse "nothing goes on" busy web receivedBits 100000
nsnetctl exec web ping -q -i 0.002 -s 1000 10.50.1.1 >/dev/null &
pinger=$!
check "what comes in" eventually busy web receivedBits 100000
check "and what goes out" eventually busy web sentBits 100000
check "in packets" eventually busy web sentPackets 10
refuse "nobody else is busy" busy $long receivedBits 100000
check "one that comes" nsnetctl create newer --network lan
check "is told of" eventually grep -q '"namespace":"newer"' $work/rates
check "one that goes" nsnetctl delete newer
is_gone() {
	tail -n 2 $work/rates | head -n 1 | grep -q '"namespace":"web"' && ! tail -n 2 $work/rates | grep -q newer
}
check "is told of no more" eventually is_gone
is_busiest() {
	awk '/^NAME/ { getline; if ($1 == "web" && $2 == "lan" && $3 ~ /[km]bit$/) found = 1 } END { exit !found }' $work/table
}
check "the busiest comes first" eventually is_busiest
refuse "others than asked for are not told of" grep -q lonely $work/table
kill $pinger
check "they end by a signal" kill $watcher
for pid in $watcher; do
	status "as if all was done" 0 wait $pid
done
show "where there is no place for all, the rest is counted" "... and 3 that have less to do" on_terminal 80 6 3 nsnetctl list --watch=0.5
status "too often" 2 nsnetctl list --watch=0.01
status "names tell nothing of traffic" 2 nsnetctl list --watch --quiet
status "networks have none" 2 nsnetctl network list --watch
check "a daemon that ends" nsnetctl delete hers
kill $sleeper
finish
