/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client_world - a client, and a daemon that sends what the test says
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "client_world.h"

enum { TIMEOUT = 20 * 1000 * 1000 };

static void send_descriptors(int fd)
{
	static const char text[] = "{\"parameters\":{\"networkNamespaceFileDescriptor\":0}}";
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)text, sizeof(text) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fds[2] = { STDIN_FILENO, STDERR_FILENO };

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(header), fds, sizeof(fds));
	if (sendmsg(fd, &message, MSG_NOSIGNAL) != (ssize_t)sizeof(text))
		_exit(1);
}

static void read_frame(int fd, int frames)
{
	char byte;

	do {
		if (read(fd, &byte, 1) != 1)
			_exit(2);
		if (write(frames, byte ? &byte : "\n", 1) != 1)
			_exit(4);
	} while (byte);
}

_Noreturn static void serve(
	int listener, int frames, const char *const *replies, enum client_world_then then)
{
	int fd = accept(listener, NULL, NULL);
	bool continues = false;
	char byte;

	if (fd < 0)
		_exit(1);
	if (!*replies || then == CLIENT_WORLD_SEND_DESCRIPTORS)
		read_frame(fd, frames);
	if (then == CLIENT_WORLD_SEND_DESCRIPTORS) {
		send_descriptors(fd);
		_exit(0);
	}
	for (size_t i = 0; then == CLIENT_WORLD_GATHER && replies[i]; i++)
		read_frame(fd, frames);
	for (; *replies; replies++) {
		size_t length = strlen(*replies) + 1;

		if (!continues && then != CLIENT_WORLD_GATHER)
			read_frame(fd, frames);
		continues = strstr(*replies, "\"continues\":true") != NULL;
		if (send(fd, *replies, length, MSG_NOSIGNAL) != (ssize_t)length)
			_exit(3);
	}
	while (then == CLIENT_WORLD_WAIT && read(fd, &byte, 1) > 0)
		continue;
	_exit(0);
}

void client_world_begin(
	struct client_world *world, const char *const *replies, enum client_world_then then)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client *client = &world->client;

	*world = (struct client_world){ .directory = "/tmp/client_world.XXXXXX" };
	client->problem = (struct problem){ .arena = &client->arena, .context = &client->context };
	client->context.settings = &client->settings;
	world->frames = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert_true(world->frames >= 0);
	assert_non_null(mkdtemp(world->directory));
	(void)snprintf(world->path, sizeof(world->path), "%s/socket", world->directory);
	memcpy(address.sun_path, world->path, sizeof(world->path));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	world->daemon = fork();
	assert_true(world->daemon >= 0);
	if (world->daemon == 0)
		serve(listener, world->frames, replies, then);
	(void)close_fd(listener);
	call_init(&client->call, world->path, TIMEOUT, &client->problem);
}

void client_world_end(struct client_world *world)
{
	int status;

	call_close(&world->client.call);
	assert_int_equal(waitpid(world->daemon, &status, 0), world->daemon);
	assert_int_equal(status, 0);
	assert_int_equal(unlink(world->path), 0);
	assert_int_equal(rmdir(world->directory), 0);
	(void)close_fd(world->frames);
	arena_done(&world->client.arena);
}

const char *client_world_sent(struct client_world *world)
{
	enum { MAX = 65536 };
	char *text = arena_alloc(&world->client.arena, MAX + 1);

	assert_true(pread(world->frames, text, MAX, 0) >= 0);
	return text;
}

void client_world_capture(struct client_world *world)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_int_equal(fflush(stdout), 0);
	world->saved = dup(STDOUT_FILENO);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	(void)close_fd(fd);
}

const char *client_world_printed(struct client_world *world)
{
	enum { MAX = 65536 };
	char *text = arena_alloc(&world->client.arena, MAX + 1);

	assert_int_equal(fflush(stdout), 0);
	assert_true(pread(STDOUT_FILENO, text, MAX, 0) >= 0);
	assert_int_equal(dup2(world->saved, STDOUT_FILENO), STDOUT_FILENO);
	(void)close_fd(world->saved);
	return text;
}
