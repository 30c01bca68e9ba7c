# SPDX-License-Identifier: LGPL-2.1-or-later
# flows - traffic in the background that must lose nothing; to be sourced behind soak.sh
#
#     flow NAME WHO ARGUMENTS…    flow.py, in the network of WHO (a namespace, or host); it runs
#     flows_end [NAME…]           ends those, or all, and checks that none has lost anything; their figures are shown
flow_names='' flow_py=$(cd "$(dirname "$0")" && pwd)/flow.py

flow() {
	name=$1 who=$2
	shift 2
	if [ "$who" = host ]; then
		python3 "$flow_py" "$@" >$work/flow.$name 2>&1 &
	else
		nsenter --net=/run/netns/$who python3 "$flow_py" "$@" >$work/flow.$name 2>&1 &
	fi
	eval "flow_$name=$!"
	flow_names="$flow_names $name"
}

flows_end() {
	for name in ${*:-$flow_names}; do
		eval "pid=\$flow_$name"
		# shellcheck disable=SC2154
		kill -TERM $pid
		wait $pid
		flow_status=$?
		cp $work/flow.$name $work/output
		if [ $flow_status = 0 ]; then ok "nothing of $name was lost"; else not_ok "nothing of $name was lost"; fi
		[ ! -s $work/flow.$name ] || figure "$name: $(tail -n 1 $work/flow.$name)"
	done
	flow_names=
}

flows_exit() {
	for name in $flow_names; do
		eval "kill -KILL \$flow_$name" 2>/dev/null
	done
}

address_of() {
	ip -n "$1" -o -4 address show dev eth0 | sed 's/.* inet \([^/]*\).*/\1/'
}
