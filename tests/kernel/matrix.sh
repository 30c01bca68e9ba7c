# SPDX-License-Identifier: LGPL-2.1-or-later
# matrix - networks of all kinds, and who gets where with which address; to be sourced behind outside.sh
#
# Of each reach there are two networks, the second one isolated; on each two namespaces, a and b, of which a has published its
# port 80 (both protocols) as one of the host's where there is a gateway to come by. "alone" has no gateway.

networks="nat route internal alone nat-i route-i internal-i alone-i"
# Before Linux 6.17 IPv6 is forwarded by all links or by none.
families=4
[ ! -e /proc/sys/net/ipv6/conf/lo/force_forwarding ] || families="4 6"

# number_of NETWORK: in its addresses and ports
number_of() {
	case $1 in
	nat) number=1 ;; route) number=2 ;; internal) number=3 ;; alone) number=4 ;;
	nat-i) number=5 ;; route-i) number=6 ;; internal-i) number=7 ;; alone-i) number=8 ;;
	esac
}

networks_up() {
	for network in $networks; do
		number_of $network
		reach=${network%-i} isolated=no kind="--reach ${network%-i}" published="--publish 800$number:80 --publish 800$number:80/udp"
		[ $network = $reach ] || isolated=yes
		[ $reach != alone ] || { kind="--gateway none" published=; }
		nsnetctl network create $network --subnet 10.50.$number.0/24 --subnet fd50:$number::/64 $kind --isolated $isolated &&
			nsnetctl create $network-a --network $network:ip=10.50.$number.2,ip=fd50:$number::2 $published &&
			nsnetctl create $network-b --network $network:ip=10.50.$number.3,ip=fd50:$number::3 || return 1
	done
}

networks_down() {
	for network in $networks; do
		nsnetctl delete $network-a $network-b && nsnetctl network delete $network || return 1
	done
}

namespaces() {
	for network in $networks; do
		echo $network-a $network-b
	done
}

# address_of PLACE FAMILY: in $address; of $network are "a", "b" and "gateway"
address_of() {
	place=$1
	case $place in
	other-*) # the network of that reach which is not this one
		number_of ${place#other-}
		if [ $network = ${network%-i} ]; then number=$((number + 4)); fi
		place=a
		;;
	*) number_of $network ;;
	esac
	case $place$2 in
	gateway4) address=10.50.$number.1 ;; gateway6) address=fd50:$number::1 ;;
	a4) address=10.50.$number.2 ;; a6) address=fd50:$number::2 ;;
	b4) address=10.50.$number.3 ;; b6) address=fd50:$number::3 ;;
	-*) address=- ;;
	*) eval "address=\$$place$2" ;;
	esac
}

# The port that a of a network has published: "port", that of the other network of a reach: "other-route"
port_of() {
	case $1 in
	port*) number_of $network ;;
	other-*)
		place=${1%/udp}
		number_of ${place#other-}
		if [ $network = ${network%-i} ]; then number=$((number + 4)); fi
		;;
	*)
		port=$1
		return
		;;
	esac
	port=800$number
	case $1 in */udp) port=$port/udp ;; esac
}

# Columns: what; who asks; whom; which port; then by reach which address the server sees, "-": it is not reached. "inside" is
# what an isolated network forbids.
cells='
out                                    b        internet  80                  host     b        -        -
out, by UDP                            b        internet  80/udp              host     b        -        -
out, to no uplink                      b        third     80                  -        -        -        -
an address of the host                 b        host      80                  b        b        b        -
the gateway of its own                 b        gateway   80                  b        b        b        -
in, by a port                          client   host      port                client   client   -        -
in, by a port, UDP                     client   host      port/udp            client   client   -        -
in, by a port, from no uplink          third    host      port                -        -        -        -
in, not published                      client   a         80                  -        client   -        -
in, not published, UDP                 client   b         80/udp              -        client   -        -
in, not published, from no uplink      third    b         80                  -        -        -        -
in, to the gateway                     client   gateway   80                  -        client   -        -
in, to the gateway, by a port          client   gateway   port                client   client   -        -
from the host                          host     a         80                  gateway  gateway  gateway  -
from the host, its loopback            host     loopback  port                gateway  gateway  gateway  -
from the host, its loopback, UDP       host     loopback  port/udp            gateway  gateway  gateway  -
from the host, its address             host     host      port                host     host     gateway  -
from the host, its address, UDP        host     host      port/udp            host     host     gateway  -
from the host, the gateway             host     gateway   port                gateway  gateway  gateway  -
hairpin, from a neighbour              b        host      port                gateway  gateway  -        -
hairpin, from a neighbour, UDP         b        host      port/udp            gateway  gateway  -        -
hairpin, from itself                   a        host      port                gateway  gateway  -        -
hairpin, from itself, UDP              a        host      port/udp            gateway  gateway  -        -
hairpin, by the gateway                b        gateway   port                gateway  gateway  -        -
inside                                 b        a         80                  b        b        b        b
inside, UDP                            b        a         80/udp              b        b        b        b
to a network with nat                  b        other-nat 80                  -        -        -        -
to a network with route                b        other-route 80                -        -        -        -
to an internal network                 b        other-internal 80             -        -        -        -
to a network without a gateway         b        other-alone 80                -        -        -        -
to a port of a network with nat        b        host      other-nat           b        b        -        -
to a port of a network with route      b        host      other-route         b        b        -        -
to a port of one with route, UDP       b        host      other-route/udp     b        b        -        -
to a port of an internal network       b        host      other-internal      -        -        -        -
'

# How many ask at a time.
AT_ONCE=48

# matrix [PATTERN [NETWORK…]]: all cells, or those of lines that match, of these networks; one check each
matrix() {
	pattern=${1-.} n=0
	rm -rf "$work/cells"
	mkdir "$work/cells"
	[ $# -gt 1 ] && shift || set -- $networks
	for network; do
		for family in $families; do
			while IFS='|' read -r what from to service nat route internal alone; do
				[ -n "$what" ] || continue
				reach=${network%-i}
				wanted=${!reach}
				case $network$family$what in
				*-i?inside*) wanted=- ;;
				route*6*"its loopback"*) wanted=- ;; # see nsnetctl(1), --publish
				esac
				one_cell
			done < <(grep -E -- "$pattern" <<<"$cells" | sed -E 's/ {2,}/|/; :a; s/(\|[^ ]*) +/\1|/; ta')
		done
	done
	wait_for_cells
	for ((i = 0; i < n; i++)); do
		same "${names[i]}" "${wishes[i]}" cat "$work/cells/$i"
	done
}

one_cell() {
	case $from in
	a | b) who=$network-$from ;;
	*) who=$from ;;
	esac
	address_of $to $family
	target=$address
	port_of $service
	address_of $wanted $family
	names[n]="$network, IPv$family: $what" wishes[n]=$address
	seconds=$REACHED
	[ $wanted != - ] || seconds=$UNREACHED
	ask $who $target $port $seconds >"$work/cells/$n" &
	jobs_of_cells[n]=$!
	n=$((n + 1))
	# Not "wait -n": the servers and the daemon are children too.
	[ $n -lt $AT_ONCE ] || wait ${jobs_of_cells[n - AT_ONCE]}
}

wait_for_cells() {
	[ $n = 0 ] || wait "${jobs_of_cells[@]}"
	jobs_of_cells=()
}
