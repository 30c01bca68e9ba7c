#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_documents - every command line of README.md and of the manuals, typed as it stands there; what is said to be printed is printed
#
#     test_documents.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
here=$(dirname "$(realpath "$0")")
export LC_ALL=C.UTF-8 PAGER=cat

# What tutorials type; here everyone who types is root already, but for alice.
mkdir $work/bin $work/home
printf '#!/bin/sh\nexec "$@"\n' >$work/bin/sudo
chmod 0755 $work/bin $work/bin/sudo
PATH=$work/bin:$(dirname "$nsnetd"):$PATH
members_start
check "an outside" sh -c 'ip netns add upstream && ip link add up0 type veth peer name eth0 netns upstream &&
	ip address add 192.0.2.1/25 dev up0 && ip address add 2001:db8:1::1/64 dev up0 nodad && ip link set up0 up &&
	ip -n upstream address add 192.0.2.126/25 dev eth0 && ip -n upstream address add 2001:db8:1::fe/64 dev eth0 nodad &&
	ip -n upstream link set eth0 up && ip -n upstream link set lo up &&
	ip route add default via 192.0.2.126 && ip -6 route add default via 2001:db8:1::fe'
# A stand-in for a tunnel, which every kernel has.
check "a tunnel" sh -c 'ip link add wg0 type veth peer name far0 && ip link set far0 up'
PYTHONDONTWRITEBYTECODE=1 python3 "$here/documents.py" "$(realpath "$here/../..")" $work/home "$alice" "$bob" >$work/typed 2>&1
typed=$?
cat $work/typed
equal "all that was typed did what it should" 0 $typed
finish
