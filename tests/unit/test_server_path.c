/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_server_path - the socket's file: what is replaced and what is not, and whom it lets in
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "server_world.h"

int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);

/* What the file looked like directly after bind(2). */
static struct stat born;

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	int rc = __real_bind(fd, address, size);

	if (rc == 0)
		assert_return_code(
			lstat(((const struct sockaddr_un *)address)->sun_path, &born), errno);
	return rc;
}

struct place {
	struct world *world; /* its server listens at a path of its own besides */
	char path[80];
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->world = world_new(NULL);
	(void)snprintf(place->path, sizeof(place->path), "%s/other", place->world->directory);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	(void)unlink(place->path);
	world_free(place->world);
	free(place);
	return 0;
}

static int listen_at(struct place *place)
{
	return server_listen_path(place->world->server, place->path, 0600, (gid_t)-1);
}

/* A socket of that type bound there. */
static int bind_at(const struct place *place, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)strcpy(address.sun_path, place->path);
	assert_return_code(fd, errno);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	return fd;
}

static void expect_service(struct place *place)
{
	cleanup(client_free) struct client *client = NULL;

	(void)strcpy(place->world->path, place->path);
	client = client_new(place->world);
	(void)snprintf(place->world->path, sizeof(place->world->path), "%s/socket",
		place->world->directory);
	client_ask(client, "{\"method\":\"alt.example.Note\"}", "{\"parameters\":{\"count\":1}}");
}

static void test_mode_and_group(void **state)
{
	static const mode_t modes[] = { 0600, 0660, 0666, 0777 };
	struct place *place = *state;
	gid_t gid = geteuid() == 0 ? 4711 : (gid_t)-1; /* only root can give a file to any group */
	mode_t saved = umask(0027);
	struct stat st;

	for (size_t i = 0; i < lengthof(modes); i++) {
		assert_int_equal(
			server_listen_path(place->world->server, place->path, modes[i], gid), 0);
		assert_return_code(lstat(place->path, &st), errno);
		assert_int_equal(st.st_mode, S_IFSOCK | modes[i]);
		assert_int_equal(st.st_uid, geteuid());
		assert_int_equal(st.st_gid, gid != (gid_t)-1 ? gid : getegid());
		assert_int_equal(st.st_ino, born.st_ino);
		assert_int_equal(born.st_mode, S_IFSOCK); /* at no moment it let in anybody else */
		assert_return_code(unlink(place->path), errno);
	}
	assert_int_equal(umask(saved), 0027); /* as it was */
}

static void test_serves_there(void **state)
{
	assert_int_equal(listen_at(*state), 0);
	expect_service(*state);
}

static void test_replaces_a_socket_left_over(void **state)
{
	(void)close_fd(bind_at(*state, SOCK_STREAM));
	assert_int_equal(listen_at(*state), 0);
	expect_service(*state);
}

/* Of one who was killed a child may be about for a moment, with all of his descriptors. */
static void test_waits_for_who_is_about_to_end(void **state)
{
	int fd = bind_at(*state, SOCK_STREAM);
	int status;
	pid_t pid;

	assert_return_code(fd, errno);
	assert_return_code(listen(fd, 1), errno);
	pid = fork();
	if (pid == 0) {
		(void)usleep(100 * 1000);
		_exit(0);
	}
	assert_return_code(pid, errno);
	(void)close_fd(fd);
	assert_int_equal(listen_at(*state), 0);
	expect_service(*state);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void test_leaves_a_living_socket(void **state)
{
	struct place *place = *state;
	struct stat before, after;

	assert_int_equal(listen_at(place), 0);
	assert_return_code(lstat(place->path, &before), errno);
	assert_int_equal(listen_at(place), -EADDRINUSE);
	assert_return_code(lstat(place->path, &after), errno);
	assert_int_equal(before.st_ino, after.st_ino);
	expect_service(place);
}

static void test_leaves_a_socket_of_datagrams(void **state)
{
	autoclose int fd = bind_at(*state, SOCK_DGRAM);

	assert_return_code(fd, errno);
	assert_int_equal(listen_at(*state), -EADDRINUSE);
	assert_return_code(access(((struct place *)*state)->path, F_OK), errno);
}

static void test_leaves_what_is_no_socket(void **state)
{
	struct place *place = *state;
	int fd = open(place->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;

	assert_return_code(fd, errno);
	(void)close_fd(fd);
	assert_int_equal(listen_at(place), -EADDRINUSE);
	assert_return_code(lstat(place->path, &st), errno);
	assert_true(S_ISREG(st.st_mode));
	assert_return_code(unlink(place->path), errno);

	/* Nor is a link followed, be it to a socket or to nothing. */
	assert_return_code(symlink("socket", place->path), errno);
	assert_int_equal(listen_at(place), -EADDRINUSE);
	assert_return_code(unlink(place->path), errno);
	assert_return_code(symlink("nothing", place->path), errno);
	assert_int_equal(listen_at(place), -EADDRINUSE);
	assert_return_code(unlink(place->path), errno);
	assert_return_code(mkdir(place->path, 0700), errno);
	assert_int_equal(listen_at(place), -EADDRINUSE);
	assert_return_code(rmdir(place->path), errno);
}

static void test_refuses_what_is_no_path(void **state)
{
	struct server *server = ((struct place *)*state)->world->server;
	char longest[109];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(server_listen_path(server, "", 0600, (gid_t)-1), -EINVAL);
	assert_int_equal(server_listen_path(server, longest, 0600, (gid_t)-1), -ENAMETOOLONG);
	assert_int_equal(server_listen_path(server, "/nowhere/at/all", 0600, (gid_t)-1), -ENOENT);
}

/* A failure leaves nothing behind. */
static void test_leaves_nothing_behind(void **state)
{
	struct place *place = *state;
	unsigned before = count_fds();

	if (geteuid() != 0)
		skip(); /* seteuid() */
	assert_return_code(chmod(place->world->directory, 0777), errno);
	assert_return_code(seteuid(1001), errno);
	assert_int_equal(server_listen_path(place->world->server, place->path, 0600, 4711), -EPERM);
	assert_return_code(seteuid(0), errno);
	assert_int_equal(access(place->path, F_OK), -1);
	assert_int_equal(count_fds(), before);
}

/* What is handed in as a listening socket must be one; it is closed in any case. */
static void test_takes_only_listening_stream_sockets(void **state)
{
	struct place *place = *state;
	unsigned before = count_fds();
	int ends[2];

	assert_int_equal(server_listen(place->world->server, bind_at(place, SOCK_STREAM)), -EINVAL);
	assert_return_code(unlink(place->path), errno);
	assert_int_equal(server_listen(place->world->server, bind_at(place, SOCK_DGRAM)), -EINVAL);
	assert_int_equal(
		server_listen(place->world->server, socket(AF_INET, SOCK_STREAM, 0)), -EINVAL);
	assert_return_code(pipe(ends), errno);
	assert_int_equal(server_listen(place->world->server, ends[0]), -ENOTSOCK);
	(void)close_fd(ends[1]);
	assert_int_equal(server_listen(place->world->server, -EBADF), -EBADF);
	assert_int_equal(count_fds(), before);
}

/* As systemd hands it over: waiting, and open across exec. */
static void test_makes_a_socket_fit(void **state)
{
	struct place *place = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)strcpy(address.sun_path, place->path);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(listen(fd, 10), errno);
	assert_int_equal(server_listen(place->world->server, fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	expect_service(place);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_mode_and_group),
		test(test_serves_there),
		test(test_replaces_a_socket_left_over),
		test(test_waits_for_who_is_about_to_end),
		test(test_leaves_a_living_socket),
		test(test_leaves_a_socket_of_datagrams),
		test(test_leaves_what_is_no_socket),
		test(test_refuses_what_is_no_path),
		test(test_leaves_nothing_behind),
		test(test_takes_only_listening_stream_sockets),
		test(test_makes_a_socket_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
