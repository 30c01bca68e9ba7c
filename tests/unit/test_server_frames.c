/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_server_frames - frames of every kind, and the exact answer that each must get
 *
 * frames/accept/NAME.json is a request; NAME.answer holds its answers, one a line, and is empty where there is none.
 * frames/reject/NAME.json must end the connection without a byte. What is large is made here.
 */
#include <dirent.h>
#include <stdio.h>

#include "server_world.h"

#define NOTE     "{\"method\":\"alt.example.Forbid\"}"
#define NOTED    "{\"error\":\"org.varlink.service.PermissionDenied\",\"parameters\":{}}"
#define FILE_MAX 4096

static size_t read_whole(const char *folder, const char *name, char *ret)
{
	char path[512];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), TESTS_DIR "/unit/frames/%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	n = fread(ret, 1, FILE_MAX, file);
	assert_in_range(n, 0, FILE_MAX - 1);
	(void)fclose(file);
	ret[n] = '\0';
	return n;
}

/* Asks, and then something whose answer shows that no other answer came between. */
static void accept_frame(const char *name)
{
	cleanup(world_free) struct world *world = world_new(NULL);
	cleanup(client_free) struct client *client = client_new(world);
	char frame[FILE_MAX], answers[FILE_MAX], answer_name[300];
	char *rest = answers, *line;
	size_t n = read_whole("accept", name, frame);

	(void)snprintf(answer_name, sizeof(answer_name), "%.*s.answer",
		(int)(strlen(name) - strlen(".json")), name);
	(void)read_whole("accept", answer_name, answers);
	client_send(client, frame, n + 1);
	while ((line = strsep(&rest, "\n")) && *line) {
		const char *answer = client_hear(client);

		if (!answer || !streq(answer, line))
			fail_msg("accept/%s:\n%s\nis not\n%s", name, answer ? answer : "(closed)",
				line);
	}
	client_say(client, NOTE);
	line = (char *)client_hear(client);
	if (!line || !streq(line, NOTED))
		fail_msg("accept/%s: after it: %s", name, line ? line : "(closed)");
}

static void expect_rejected(const char *name, const char *frame, size_t n)
{
	cleanup(world_free) struct world *world = world_new(NULL);
	cleanup(client_free) struct client *client = client_new(world);
	const char *answer;

	/* The server may close before all of it has gone. */
	if (client_try_send(client, frame, n) && client_try_send(client, "", 1))
		(void)client_try_send(client, NOTE, sizeof(NOTE));
	answer = client_hear(client);
	if (answer || wire_in_is_partial(&client->in))
		fail_msg("reject/%s: %s", name, answer ? answer : "(part of an answer)");
	assert_int_equal(server_connections(world->server), 0);
}

static void reject_frame(const char *name)
{
	char frame[FILE_MAX];
	size_t n = read_whole("reject", name, frame);

	assert_int_equal(strlen(frame), n); /* else it would be several frames */
	expect_rejected(name, frame, n);
}

static unsigned for_each_frame(const char *folder, void (*function)(const char *name))
{
	char path[512];
	struct dirent *entry;
	unsigned n = 0;
	DIR *directory;

	(void)snprintf(path, sizeof(path), TESTS_DIR "/unit/frames/%s", folder);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);

		if (length < 5 || !streq(entry->d_name + length - 5, ".json"))
			continue;
		function(entry->d_name);
		n++;
	}
	(void)closedir(directory);
	return n;
}

static void test_accept(unused void **state)
{
	assert_true(for_each_frame("accept", accept_frame) > 50);
}

static void test_reject(unused void **state)
{
	assert_true(for_each_frame("reject", reject_frame) > 100);
}

/* Frames that are made here. */
struct text {
	char *bytes;
	size_t n;
	FILE *file;
};

static struct text text_begin(void)
{
	struct text text = { 0 };

	text.file = tmpfile();
	assert_non_null(text.file);
	return text;
}

static void text_end(struct text *text)
{
	text->n = (size_t)ftell(text->file);
	text->bytes = calloc(1, text->n + 1);
	assert_non_null(text->bytes);
	rewind(text->file);
	assert_int_equal(fread(text->bytes, 1, text->n, text->file), text->n);
	(void)fclose(text->file);
}

/* A call of Echo, with a parameter it does not know that makes the whole text that deep ("{{[[…" ). */
static struct text deep(unsigned depth)
{
	struct text text = text_begin();

	(void)fputs("{\"method\":\"alt.example.Echo\",\"parameters\":{\"deep\":", text.file);
	for (unsigned i = 2; i < depth; i++)
		(void)fputc('[', text.file);
	for (unsigned i = 2; i < depth; i++)
		(void)fputc(']', text.file);
	(void)fputs("}}", text.file);
	text_end(&text);
	return text;
}

/* A call of Echo that holds so many values in all: itself, its method, its parameters, the text, the list, and items. */
static struct text wide(unsigned values)
{
	struct text text = text_begin();

	(void)fputs("{\"method\":\"alt.example.Echo\",\"parameters\":{\"text\":\"\",\"wide\":[0",
		text.file);
	for (unsigned i = 6; i < values; i++)
		(void)fputs(",0", text.file);
	(void)fputs("]}}", text.file);
	text_end(&text);
	return text;
}

/* A call of Echo of so many bytes. */
static struct text big(size_t bytes)
{
	static const char head[] = "{\"method\":\"alt.example.Echo\",\"parameters\":{\"text\":\"",
			  tail[] = "\"}}";
	struct text text = text_begin();

	(void)fputs(head, text.file);
	for (size_t i = strlen(head) + strlen(tail); i < bytes; i++)
		(void)fputc('x', text.file);
	(void)fputs(tail, text.file);
	text_end(&text);
	assert_int_equal(text.n, bytes);
	return text;
}

static void expect_answer(struct text text, const char *answer)
{
	cleanup(world_free) struct world *world = world_new(NULL);
	cleanup(client_free) struct client *client = client_new(world);

	client_send(client, text.bytes, text.n + 1);
	client_expect(client, answer);
	client_ask(client, NOTE, NOTED);
	free(text.bytes);
}

static void expect_closed(struct text text)
{
	expect_rejected("(made)", text.bytes, text.n);
	free(text.bytes);
}

#define UNKNOWN(name) \
	"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"" name \
	"\"}}"

static void test_depth(unused void **state)
{
	expect_answer(deep(16), UNKNOWN("deep"));
	expect_closed(deep(17));
	expect_closed(deep(100000));
}

static void test_values(unused void **state)
{
	expect_answer(wide(16384), UNKNOWN("wide"));
	expect_closed(wide(16385));
	expect_closed(wide(20000));
}

static void test_size(unused void **state)
{
	struct text most = big(TEXT_MESSAGE_MAX);
	cleanup(world_free) struct world *world = world_new(NULL);
	cleanup(client_free) struct client *client = client_new(world);
	const char *answer;

	client_send(client, most.bytes, most.n + 1);
	answer = client_hear(client);
	assert_non_null(answer);
	assert_int_equal(strlen(answer), most.n - strlen("\"method\":\"alt.example.Echo\","));
	free(most.bytes);
	expect_closed(big(TEXT_MESSAGE_MAX + 1));
	expect_closed(big(8 * TEXT_MESSAGE_MAX));
}

/* A frame that is too long is not waited for to its end. */
static void test_size_without_end(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(NULL);
	cleanup(client_free) struct client *client = client_new(world);
	char spaces[4096];
	size_t sent = 0;

	memset(spaces, ' ', sizeof(spaces));
	client_ask(client, NOTE, NOTED);
	while (client_try_send(client, spaces, sizeof(spaces))) {
		sent += sizeof(spaces);
		world_settle(world);
		assert_in_range(sent, 0, 2 * TEXT_MESSAGE_MAX);
	}
	assert_in_range(sent, TEXT_MESSAGE_MAX - sizeof(spaces), 2 * TEXT_MESSAGE_MAX);
	client_expect_end(client);
}

static void test_nothing_but_ends(unused void **state)
{
	char ends[1000] = { 0 };

	expect_rejected("(ends)", ends, sizeof(ends));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_reject),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_size_without_end),
		cmocka_unit_test(test_nothing_but_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
