/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_netlink - sockets whose other end is not the kernel but bytes: what is sent is dropped, what is received is told before
 *
 * Datagrams stand one behind the other, each behind its length of two bytes (low one first). 0xffff stands for one that got
 * lost (ENOBUFS), 0xfffe for a signal, 0xfffd for one that is longer than any buffer, 0xfffc makes the next one another
 * process's, 0xfffb makes that nothing is there now, 0xfffa that there is no memory for it (ENOMEM). After the last one
 * nothing is there (EAGAIN). A message whose sequence number is 0 gets that of the last one that was sent, 0xffffffff minus n
 * the one n before it.
 *
 * 0xfff9 and a number n of two bytes: of the calls that do not receive, n more go well, and the next one fails (ENOBUFS).
 * 0xfff8 and n: the next datagram comes n times more (of n its lower nine bits), where that was asked for.
 *
 * To be linked with the options of CMakeLists.txt that put these functions in the C library's place.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void fake_netlink_begin(const uint8_t *data, size_t n);
/* 0xfff8 is a length like others before. */
void fake_netlink_allow_repeats(void);
/* How many bytes were received. */
size_t fake_netlink_told(void);
