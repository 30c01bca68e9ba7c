#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# reboots.sh - a machine that is switched off in the middle of its work, again and again
#
#	reboots.sh SUITE SOURCE WORK REBOOTS [OPERATIONS]
#
# The machine of tests/system/system.sh, with reboot.sh for what it does each time.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
CHECKS="/bin/bash /src/tests/soak/reboot.sh $4 ${5:-50}" exec "$here/../system/system.sh" "$1" "$2" "$3"
