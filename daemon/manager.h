/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager - owns everything: the loop, the server, the kernel floor, the registry
 */
#pragma once

#include "config.h"
#include "kernel.h"

struct manager;

/* Readies the kernel floor and takes over what is there. -errno, logged. Takes the configuration over, whatever it returns;
 * its file is read again on SIGHUP. config_path and paths must outlive it. */
int manager_new(struct config *config, const char *config_path, const struct kernel_paths *paths,
	struct manager **ret);
void manager_free(struct manager *manager);
define_cleanup(struct manager *, manager_free);

/* Takes over a listening socket, or makes one at a path for the control group. -errno, logged. */
int manager_listen(struct manager *manager, int fd);
int manager_listen_path(struct manager *manager, const char *path);

/* Serves until SIGTERM or SIGINT; namespaces stay. On SIGHUP the configuration is read again; one that is wrong changes
 * nothing. 0, or -errno. */
int manager_run(struct manager *manager);

/* Deletes all there is instead, and waits until it is gone. 0; or -errno, logged. */
int manager_clear(struct manager *manager);
