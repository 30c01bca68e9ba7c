#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# build.sh - in the root of a suite: build /src in /build with warnings as errors, run the unit tests, make the packages
#
# In /build they are as they are, and in /build/next with a higher version.
set -eux

cmake --preset release -S /src -B /build -DBUILD_TESTING=ON
cmake --build /build -- --quiet
ctest --test-dir /build --label-regex '^unit$' --no-tests=error --output-on-failure
rm -rf /build/*.deb /build/next
cd /build
cpack
cpack -B /build/next -D CPACK_PACKAGE_VERSION=99

# What no linter asks for.
dpkg-deb --extract nsnetd_*.deb /tmp/packed
dpkg-deb --extract nsnetctl_*.deb /tmp/packed
for program in /tmp/packed/usr/sbin/nsnetd /tmp/packed/usr/bin/nsnetctl; do
	readelf --notes $program | grep 'Build ID'
	readelf --dynamic $program | grep 'Flags: NOW PIE'
	! readelf --sections $program | grep '\.debug_'
done
