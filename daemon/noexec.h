/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * noexec - a process that runs no other program, whoever bids it
 */
#pragma once

/* From here on execve(2) is the end of this process, its threads and its children (SIGSYS), and so is any system call that is not
 * of its own kind of machine. -errno; -EOPNOTSUPP: not known for this kind. */
int noexec_begin(void);
