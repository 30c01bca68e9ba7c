/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - whether this kernel and this system can do what is promised
 */
#pragma once

/* Prints a line for each thing that is needed: whether it is there, its name, what it is for. Where it is not: what does not
 * work because of that, and below it what mends it. Makes and changes nothing on the host; the process is in another network
 * namespace afterwards. 0: all that is essential is there; 1: it is not, or could not be looked at. */
int check_all(const char *config_path, const char *socket);
