/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * echo - sends back what it gets as JSON: what a call costs on sd-event and json-c where nothing is done
 *
 *	echo SOCKET
 *
 * Each message is parsed, its "parameters" are put into a reply, and the reply is printed and sent.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "lap.h"

struct connection {
	size_t n;
	char bytes[65536];
};

static int close_connection(sd_event_source *source, int fd, struct connection *c)
{
	(void)sd_event_source_disable_unref(source);
	(void)close(fd);
	free(c);
	return 0;
}

static int answer(int fd, const char *text, size_t n)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *message = json_tokener_parse_ex(tokener, text, (int)n);
	struct json_object *reply = json_object_new_object(), *parameters = NULL;
	const char *out;
	int r = -1;

	json_tokener_free(tokener);
	if (message && json_object_object_get_ex(message, "parameters", &parameters)) {
		json_object_object_add(reply, "parameters", json_object_get(parameters));
		out = json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN);
		r = send(fd, out, strlen(out) + 1, MSG_NOSIGNAL) < 0 ? -1 : 0;
	}
	json_object_put(reply);
	json_object_put(message);
	return r;
}

static int on_bytes(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct connection *c = userdata;
	ssize_t n = recv(fd, c->bytes + c->n, sizeof(c->bytes) - c->n, MSG_DONTWAIT);
	char *end;

	(void)events;
	if (n <= 0)
		return close_connection(source, fd, c);
	c->n += (size_t)n;
	while ((end = memchr(c->bytes, '\0', c->n))) {
		size_t length = (size_t)(end - c->bytes) + 1;

		if (answer(fd, c->bytes, length) < 0)
			return close_connection(source, fd, c);
		c->n -= length;
		memmove(c->bytes, end + 1, c->n);
	}
	return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct connection *c = malloc(sizeof(*c));
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	(void)userdata;
	lap_must(c && peer >= 0 ? 0 : -1, "accept");
	c->n = 0;
	errno = -sd_event_add_io(
		sd_event_source_get_event(source), NULL, peer, EPOLLIN, on_bytes, c);
	return lap_must(errno > 0 ? -1 : 0, "sd_event_add_io");
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	sd_event *event;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "Usage: echo SOCKET\n");
		return 2;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	fd = lap_must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
	lap_must(bind(fd, (struct sockaddr *)&address, sizeof(address)), argv[1]);
	lap_must(listen(fd, 128), "listen");
	errno = -sd_event_default(&event);
	lap_must(errno > 0 ? -1 : 0, "sd_event_default");
	errno = -sd_event_add_io(event, NULL, fd, EPOLLIN, on_connection, NULL);
	lap_must(errno > 0 ? -1 : 0, "sd_event_add_io");
	return sd_event_loop(event) < 0;
}
