#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# build.sh - in the root of a suite: build /src in /build with warnings as errors, run the unit tests, install
set -eux

cmake --preset release -S /src -B /build -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_TESTING=ON
cmake --build /build -- --quiet
ctest --test-dir /build --label-regex '^unit$' --no-tests=error --output-on-failure
cmake --install /build
systemd-sysusers
# For want of a running systemd this makes the symlinks only.
systemctl enable nsnetd.socket
