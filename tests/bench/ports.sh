#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ports.sh - what a published port costs where there are a thousand of them, beside one alone
#
#	ports.sh NSNETD NSNETCTL [CONNECTIONS [ROUNDS]]
#
# A client outside connects to a namespace by a port of the host, and each connection carries one byte there and one back. Rounds of
# both take turns, the port that is measured being the same. Medians are printed, and their ratio. It is no test: the machine decides.
# NSNETD is to be built for release, without sanitizers.
. "$(dirname "$0")/../kernel/sandbox.sh"
. "$(dirname "$0")/../kernel/outside.sh"

connections=${3-2000} rounds=${4-5}

# Those that are not measured.
many() {
	for ((port = 10000; port < 10999; port++)); do
		echo "--publish +$port:80"
	done
}

# Prints the microseconds of each connection, one a line.
asks='
import socket, sys, time
host, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(n):
    start = time.perf_counter_ns()
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(b"x")
        connection.recv(1)
    print((time.perf_counter_ns() - start) // 1000)
'
answers='
import socket
server = socket.create_server(("", 80), backlog=128)
while True:
    connection, _ = server.accept()
    with connection:
        connection.sendall(connection.recv(1))
'

median() {
	sort --numeric-sort | sed -n "$(((rounds * connections + 1) / 2))p"
}
published() {
	nft list map inet nsnetd ports4 | grep -o 'tcp \. ' | wc -l
}

daemon_start
outside_up || exit 1
nsnetctl network create lan --subnet 10.50.1.0/24 || exit 1
nsnetctl create web --network lan --publish 8080:80 || exit 1
in_ns web python3 -c "$answers" &
background=$!
serves() {
	[ -n "$(in_ns web ss --no-header --listening --tcp --numeric 'sport = 80')" ]
}
eventually serves || exit 1
for ((i = 0; i < rounds; i++)); do
	[ "$(published)" = 1 ] || exit 1
	in_ns client python3 -c "$asks" $host4 8080 "$connections" >>"$work/one" || exit 1
	# shellcheck disable=SC2046
	nsnetctl set web $(many) || exit 1
	[ "$(published)" = 1000 ] || exit 1
	in_ns client python3 -c "$asks" $host4 8080 "$connections" >>"$work/thousand" || exit 1
	nsnetctl set web --publish 8080:80 || exit 1
done
one=$(median <"$work/one") thousand=$(median <"$work/thousand")
echo "a connection, 1 port published:      $one us"
echo "a connection, 1,000 ports published: $thousand us"
echo "ratio:                               $((thousand / one)).$(printf %02d $((thousand * 100 / one % 100)))"
kill $background
background=
nsnetctl delete --kill web && nsnetctl network delete lan && outside_down
