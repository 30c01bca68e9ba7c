/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_peer - who calls is what the kernel says, or the connection is nobody's
 *
 * getsockopt(2) is wrapped, because the kernel gives no wrong answers by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "peer.h"

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);

static struct {
	int option; /* the one that is faked; 0: none */
	int error;  /* it fails with that */
	uid_t uid;  /* else the uid it tells */
	gid_t gid;
	size_t n_groups;
	unsigned calls;
} fake;

static int fake_groups(gid_t *groups, socklen_t *size)
{
	socklen_t need = (socklen_t)(fake.n_groups * sizeof(gid_t));

	if (*size < need) {
		*size = need;
		errno = ERANGE;
		return -1;
	}
	for (size_t i = 0; i < fake.n_groups; i++)
		groups[i] = (gid_t)i + 1000;
	*size = need;
	return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	if (name != fake.option)
		return __real_getsockopt(fd, level, name, value, size);
	fake.calls++;
	if (fake.error) {
		errno = fake.error;
		return -1;
	}
	if (name == SO_PEERGROUPS)
		return fake_groups(value, size);
	*(struct ucred *)value = (struct ucred){ .pid = 1, .uid = fake.uid, .gid = fake.gid };
	return 0;
}

/* Asks a real socket. */
static int ask(struct peer *ret)
{
	int ends[2], rc;

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), errno);
	rc = peer_read(ends[0], ret);
	(void)close_fd(ends[0]);
	(void)close_fd(ends[1]);
	return rc;
}

static int setup(unused void **state)
{
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static void test_is_this_process(unused void **state)
{
	struct peer peer;
	int n = getgroups(0, NULL);

	assert_int_equal(ask(&peer), 0);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.n_groups, n);
	assert_true(peer_has_group(&peer, getegid()));
	assert_false(peer_has_group(&peer, 3141592653U));
	peer_done(&peer);
}

static void test_every_failure_is_a_refusal(unused void **state)
{
	static const int options[] = { SO_PEERCRED, SO_PEERGROUPS };
	static const int errors[] = { ENODATA, ENOPROTOOPT, ENOTCONN, ENOMEM, EFAULT, EIO };

	for (size_t i = 0; i < lengthof(options); i++) {
		for (size_t k = 0; k < lengthof(errors); k++) {
			struct peer peer = { .uid = 4711 };

			fake.option = options[i];
			fake.error = errors[k];
			assert_int_equal(ask(&peer), -errors[k]);
			assert_int_equal(peer.uid, 4711); /* untouched */
			assert_null(peer.groups);
		}
	}
}

static void test_nobody_is_refused(unused void **state)
{
	struct peer peer = { .uid = 4711 };

	fake.option = SO_PEERCRED;
	fake.uid = (uid_t)-1;
	assert_int_equal(ask(&peer), -ENODATA);
	fake.uid = 1000;
	fake.gid = (gid_t)-1;
	assert_int_equal(ask(&peer), -ENODATA);
	assert_int_equal(peer.uid, 4711);
}

static void test_no_uid_becomes_another(unused void **state)
{
	static const uid_t uids[] = { 0, 1, 65534, 2147483647, 2147483648, 4294967294 };

	for (size_t i = 0; i < lengthof(uids); i++) {
		struct peer peer;

		fake.option = SO_PEERCRED;
		fake.uid = uids[i];
		assert_int_equal(ask(&peer), 0);
		assert_true(peer.uid == uids[i]);
		peer_done(&peer);
	}
}

static void test_many_groups(unused void **state)
{
	static const size_t counts[] = { 0, 1, 31, 32, 33, 1000, 65536 };

	for (size_t i = 0; i < lengthof(counts); i++) {
		struct peer peer;

		fake.option = SO_PEERGROUPS;
		fake.n_groups = counts[i];
		assert_int_equal(ask(&peer), 0);
		assert_int_equal(peer.n_groups, counts[i]);
		if (counts[i] > 0) {
			assert_true(peer_has_group(&peer, (gid_t)counts[i] + 999));
			assert_false(peer_has_group(&peer, (gid_t)counts[i] + 1000));
		}
		peer_done(&peer);
	}
}

static void test_too_many_groups(unused void **state)
{
	struct peer peer;

	fake.option = SO_PEERGROUPS;
	fake.n_groups = 65537; /* NGROUPS_MAX is 65536 */
	assert_int_equal(ask(&peer), -EPROTO);
	assert_int_equal(fake.calls, 1);
}

#define test(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_is_this_process),
		test(test_every_failure_is_a_refusal),
		test(test_nobody_is_refused),
		test(test_no_uid_becomes_another),
		test(test_many_groups),
		test(test_too_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
