#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_apply - a topology from a file: made, changed while it runs, rehearsed, taken back whole; read back with ip(8), nft(8), ping(8)
#
#     test_apply.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
cd $work || exit 1

# All that the kernel has of it and all that the daemon tells of it. A link that went and came again has other numbers: with
# "changing" those are left out.
picture() {
	{
		ip -d -o link | grep -vF 'alias nsnetd:%' | grep -E ': (nsv|nsnet)' | sort
		ip -o address | grep -E ' (nsv|nsnet)' | sort
		ip route | sort
		ip -6 route | grep -v ' lo ' | sort
		nft list ruleset | grep -vE '^\s*(counter|#)' | sed -E 's/ # handle.*//; s/counter packets [0-9]+ bytes [0-9]+/counter/'
		for name in /run/netns/*; do
			[ -e "$name" ] || continue
			name=${name##*/}
			echo "in $name"
			ip -n "$name" -o address
			ip -n "$name" route
			ip -n "$name" -6 route
			ip netns exec "$name" sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding
		done
		sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding
		nsnetctl list --json
		nsnetctl network list --json
		ls -R /run/nsnetd/state
	} 2>&1 | sed -E 's/ (temporary|valid_lft|expires|preferred_lft) *[^ ]*//g' |
		if [ "${1-}" = changing ]; then
			# Lines of links are told apart by nothing but their numbers: they are put in an order again.
			sed -E 's/^[0-9]+: //; s/nsv[0-9]+/nsv/g; s/@(if[0-9]+|nsv)//; /^nsv:/s/link.ether [0-9a-f:]+//; s/(link-netnsid|port_no|port_id|ifindex|portid|designated_port|bridge_id) [^ ]+//g; s/netns(id)? [^ ]+//g; s/[a-z_]*timer +[0-9.]+//g' | sort
		else
			sed -E 's/[a-z_]*timer +[0-9.]+//g'
		fi
}

# unchanged WHAT BEFORE [changing]. The kernel takes a namespace apart in its own time, after its name is gone.
is_like() {
	picture "${2-}" >after.picture
	diff "$1" after.picture
}
unchanged() {
	what=$1
	shift
	if [ $# = 1 ]; then check "$what" is_like "$@"; else check "$what" soon is_like "$@"; fi
}
soon() {
	for _ in 1 2 3 4 5 6 7 8; do
		"$@" >soon.output && return 0
		sleep 0.25
	done
	cat soon.output
	return 1
}

cat >lab.json <<-'END'
	{
	  "networks": {
	    "red": { "prefixes": ["10.1.0.0/24", "fd01::/64"], "gateways": [] },
	    "green": { "prefixes": ["10.2.0.0/24", "fd02::/64"], "gateways": [] },
	    "blue": { "prefixes": ["10.3.0.0/24", "fd03::/64"] }
	  },
	  "namespaces": {
	    "router": {
	      "attachments": [
	        { "network": "red", "addresses": ["10.1.0.1", "fd01::1"] },
	        { "network": "green", "addresses": ["10.2.0.1", "fd02::1"] },
	        { "network": "blue", "addresses": ["10.3.0.3", "fd03::3"] }
	      ],
	      "sysctls": { "net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1" }
	    },
	    "a": {
	      "attachments": [{ "network": "red", "addresses": ["10.1.0.2", "fd01::2"] }],
	      "routes": [
	        { "destination": "default", "gateway": "10.1.0.1" },
	        { "destination": "default", "gateway": "fd01::1" }
	      ]
	    },
	    "b": {
	      "attachments": [{ "network": "green", "addresses": ["10.2.0.2", "fd02::2"] }],
	      "routes": [
	        { "destination": "default", "gateway": "10.2.0.1" },
	        { "destination": "default", "gateway": "fd02::1" }
	      ]
	    },
	    "c": {
	      "attachments": [{ "network": "blue", "addresses": ["10.3.0.2", "fd03::2"] }],
	      "ports": [{ "protocol": "tcp", "hostPort": 8080, "namespacePort": 80 }],
	      "routes": [
	        { "destination": "10.0.0.0/8", "gateway": "10.3.0.3" },
	        { "destination": "fd00::/8", "gateway": "fd03::3" }
	      ]
	    }
	  }
	}
END
made="+ network red
+ network green
+ network blue
+ namespace router
+ namespace a
+ namespace b
+ namespace c"

daemon_start

echo "# three networks and a router, from a file"
picture >empty.picture
same "a rehearsal tells" "$made" nsnetctl apply --dry-run lab.json
unchanged "and does nothing" empty.picture
check "with the commands" sh -c 'nsnetctl apply --dry-run --verbose lab.json >steps'
show "ip's" "    ip -n a address add 10.1.0.2/24 dev eth0" cat steps
show "sysctl's" "sysctl -w net/ipv4/ip_forward=1" cat steps
unchanged "which are not done" empty.picture
same "it is made" "$made" nsnetctl apply lab.json
for from in a b c; do
	for to in 1 2 3; do
		check "$from to 10.$to.0.2" nsnetctl exec $from ping -c 1 -W 2 10.$to.0.2
		check "$from to fd0$to::2" nsnetctl exec $from ping -c 1 -W 2 fd0$to::2
	done
done
picture >lab.picture
same "once more: nothing" "" nsnetctl apply lab.json
same "as JSON" '{"changes":[]}' nsnetctl apply --json=short lab.json
unchanged "is done" lab.picture
check "it lists itself" sh -c 'nsnetctl network list --json >networks.json && nsnetctl list --json >namespaces.json'
same "and applies what it lists: nothing" "" nsnetctl apply --prune networks.json namespaces.json
same "from a pipe" "" sh -c 'nsnetctl list --json | nsnetctl apply -'
unchanged "which is done" lab.picture

echo "# changed while it runs"
ip netns exec a ping -i 0.02 -c 200 10.3.0.2 >ping.log 2>&1 &
pinging=$!
nsnetctl exec c python3 -m http.server 80 >/dev/null 2>&1 &
server=$!
check "a server" eventually curl --silent --fail --output /dev/null http://localhost:8080/
sed 's/"hostPort": 8080/"hostPort": 8443/' lab.json >other.json
same "another port, told" "~ namespace c (ports)" nsnetctl apply --dry-run other.json
unchanged "and not done" lab.picture
same "and done" "~ namespace c (ports)" nsnetctl apply other.json
check "the new one" eventually curl --silent --fail --output /dev/null http://localhost:8443/
refuse "not the former" curl --silent --max-time 1 --output /dev/null http://localhost:8080/
show "nft has it" "8443" nft list ruleset
same "and back, quietly" "" nsnetctl apply --quiet lab.json
check "the former is there" eventually curl --silent --fail --output /dev/null http://localhost:8080/
wait $pinging
show "the ping beside it lost nothing" "200 received, 0% packet loss" cat ping.log
check "the server goes" kill $server
unchanged "all is as it was" lab.picture

echo "# all or nothing"
picture changing >lab.changing
python3 -c 'import socket, time; s = socket.create_server(("0.0.0.0", 9090)); time.sleep(1000)' &
listener=$!
check "a port is taken" eventually sh -c 'ss -Hltn "sport = :9090" | grep -q 9090'
# failing WHAT STATUS TEXT [OPTION…]: the change of the file on stdin is refused, and all is as it was
failing() {
	what=$1 wanted=$2 text=$3
	shift 3
	cat >failing.json
	status "$what" "$wanted" nsnetctl apply "$@" failing.json
	says "$what: is told" "$text"
	same "$what: nothing is printed" "" cat $work/output
	unchanged "$what: all is as it was" lab.changing changing
}
first='"networks":{"new":{},"red":{"isolated":true}},"namespaces":{"one":{"attachments":[{"network":"new"}]},
	"a":{"description":"other"},"c":{"ports":[]},"b":{"attachments":[{"network":"new"}],"routes":[]},'
failing "a taken port" 5 "port 9090/tcp of this host is in use" <<-END
	{$first "last":{"attachments":[{"network":"new"}],"ports":[{"protocol":"tcp","hostPort":9090,"namespacePort":80}]}}}
END
failing "an address outside" 5 'address 10.9.0.1 is taken, or outside network "red"' <<-END
	{$first "last":{"attachments":[{"network":"red","addresses":["10.9.0.1"]}]}}}
END
failing "no such network" 10 'no network "absent"' <<-END
	{$first "last":{"attachments":[{"network":"absent"}]}}}
END
failing "a wrong address" 2 'failing.json:3: nsnetd does not take namespaces.last.routes[0].gateway' <<-END
	{$first
	"last":{"routes":[{"destination":"default","gateway":"10.9.0.256"}]}}}
END
failing "a network in use" 5 'red' <<-END
	{"networks":{"new":{},"red":{"prefixes":["10.77.0.0/24"]}}}
END
nsnetctl exec b sleep 1000 &
sleeper=$!
check "a program runs" eventually sh -c 'nsnetctl show b | grep -q sleep'
failing "a program in what is pruned" 5 'programs run in namespace "b"' --prune <<-END
	{"networks":{"new":{},"red":{},"green":{},"blue":{}},"namespaces":{"router":{},"a":{},"c":{"description":"other"}}}
END
says "is told with its mend" "nsnetctl apply --prune failing.json --kill"
kill $sleeper $listener

echo "# wrong files"
failing "no JSON" 2 "failing.json:2: no JSON: syntax error" <<-END
	{"networks":
	{]}
END
failing "an unknown field" 2 'failing.json:2: networks.red.gatway: there is no such field; is "gateways" meant?' <<-END
	{"networks":{"red":{
	"gatway":[]}}}
END
failing "a wrong type" 2 'failing.json:1: namespaces.a.ports[0].protocol: wants "tcp" or "udp"' <<-END
	{"namespaces":{"a":{"ports":[{"protocol":"sctp","namespacePort":1}]}}}
END
failing "a field of the method's" 2 "failing.json:1: prune: there is no such field" <<-END
	{"prune":true}
END
python3 -c 'import json; print(json.dumps({"namespaces": {f"n{i}": {"description": 80 * "x", "attachments": []} for i in range(3000)}}))' >big.json
status "too much" 2 nsnetctl apply big.json
says "is told" "that is too much at once"
status "no file" 1 nsnetctl apply absent.json
unchanged "all is as it was" lab.changing changing

echo "# no more than that"
check "others come" sh -c 'nsnetctl network create more && nsnetctl create alone --network none && nsnetctl create with --network more'
same "are left alone" "" nsnetctl apply lab.json
same "are deleted where that is wished" "- namespace alone
- namespace with
- network more" nsnetctl apply --prune lab.json
unchanged "all is as it was" lab.changing changing

echo "# away with it"
check "one has gone already" nsnetctl delete a
check "the others go" nsnetctl delete --file lab.json
check "no link, mount, address or file" no_leftovers
check "nothing is there to go" nsnetctl delete --file lab.json
status "names or a file" 2 nsnetctl delete --file lab.json a
status "or what?" 2 nsnetctl delete

echo "# a thousand"
python3 - >many.json <<-'END'
	import json
	namespaces = {}
	for i in range(1000):
	    namespaces[f"node{i:04}"] = {
	        "description": f"node {i} of the cluster",
	        "labels": {"role": "worker"},
	        "attachments": [{"network": "cluster", "addresses": [f"10.50.{i // 200 + 1}.{i % 200 + 1}"]}] if i % 4 == 0 else [],
	    }
	print(json.dumps({"networks": {"cluster": {"prefixes": ["10.50.0.0/16"]}}, "namespaces": namespaces}, indent=4))
END
picture changing >empty.changing
count() {
	find /run/netns -type f | wc -l
}
more_than() {
	[ "$(count)" -gt "$1" ]
}
for signal in INT KILL; do
	env --default-signal=INT nsnetctl apply many.json >printed 2>errors &
	applying=$!
	check "some are there" eventually more_than 50
	kill -$signal $applying
	wait $applying 2>/dev/null
	ended=$?
	equal "SIG$signal ends it" $((128 + $(kill -l $signal))) $ended
	same "nothing is printed" "" cat printed
	check "all are taken back" eventually sh -c '[ -z "$(nsnetctl list --quiet; nsnetctl network list --quiet)" ]'
	unchanged "all is as it was" empty.changing changing
	[ $signal != INT ] || show "that is told" "interrupted; nsnetd takes back what was done" cat errors
done
check "they are made" sh -c 'nsnetctl apply many.json >printed'
equal "each is told" 1001 "$(grep -c '^+' printed)"
equal "each is there" 1000 "$(count)"
check "one reaches another" ip netns exec node0000 ping -c 1 -W 2 10.50.5.197
same "once more: nothing" "" nsnetctl apply many.json
same "what it lists: nothing" "" sh -c 'nsnetctl list --json | nsnetctl apply -'
check "they go" nsnetctl delete --file many.json
check "no link, mount, address or file" no_leftovers
check "the daemon stops" daemon_stop

echo "# a member"
members_start
cat >member.json <<-'END'
	{
	  "networks": { "mine": {} },
	  "namespaces": {
	    "left": { "attachments": [{ "network": "mine" }] },
	    "right": { "attachments": [{ "network": "mine" }] }
	  }
	}
END
chmod 0644 member.json
same "makes hers" "+ network mine
+ namespace left
+ namespace right" $alice nsnetctl apply member.json
check "which reach each other" $alice nsnetctl exec left ping -c 1 -W 2 right
same "once more: nothing" "" $alice nsnetctl apply member.json
status "another member cannot have those names" 5 $bob nsnetctl apply member.json
same "nor sees anything of them" "" $bob nsnetctl list --quiet
same "he prunes his own alone: nothing" "" sh -c "echo '{}' | $bob nsnetctl apply --prune -"
same "hers are there" "left
right" $alice nsnetctl list --quiet
same "she prunes hers" "- namespace left
- namespace right
- network mine" sh -c "echo '{}' | $alice nsnetctl apply --prune -"
check "no link, mount, address or file" no_leftovers
finish
