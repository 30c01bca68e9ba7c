/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codec_message - Varlink's calls and replies as text
 *
 * A message is a small struct itself, so the tables read and write it too; only its parameters stay as they are, because
 * their type is known later.
 */
#include "codec.h"

#include <json-c/json.h>

#include "codec_json.h"
#include "utf8.h"

/* A reply may hold a whole object of ours with all its interfaces; what a service sends is not bounded as what it takes. */
static const struct text_limits limits_reply = {
	.size = 16U * 1024U * 1024U,
	.values = 1024U * 1024U,
	.depth = 32,
};

static struct json_object *made(struct json_object *json)
{
	if (!json)
		abort();
	return json;
}

static void add(struct json_object *object, const char *name, struct json_object *value)
{
	if (json_object_object_add(object, name, made(value)) < 0)
		abort();
}

static bool read_flag(struct json_object *json, bool *ret)
{
	if (json && !json_object_is_type(json, json_type_boolean))
		return false;
	*ret = json && json_object_get_boolean(json);
	return true;
}

static bool read_text(struct arena *arena, struct json_object *json, const char **ret)
{
	if (!json_object_is_type(json, json_type_string))
		return false;
	*ret = arena_strdup(arena, json_object_get_string(json));
	return true;
}

static bool read_parameters(struct json_object *json, const struct codec_value **ret)
{
	if (json && !json_object_is_type(json, json_type_object))
		return false;
	*ret = (const struct codec_value *)json;
	return true;
}

static bool read_call_field(
	struct arena *arena, const char *key, struct json_object *value, struct codec_call *call)
{
	if (streq(key, "method"))
		return read_text(arena, value, &call->method);
	if (streq(key, "parameters"))
		return read_parameters(value, &call->parameters);
	if (streq(key, "more"))
		return read_flag(value, &call->more);
	if (streq(key, "oneway"))
		return read_flag(value, &call->oneway);
	if (streq(key, "upgrade"))
		return read_flag(value, &call->upgrade);
	return false;
}

int codec_parse_call(struct arena *arena, const char *text, size_t n, struct codec_call *ret)
{
	const struct codec_value *message;
	struct codec_call call = { 0 };
	int r = codec_parse(arena, text, n, &text_limits_message, &message);

	if (r < 0)
		return r;
	json_object_object_foreach(codec_json(message), key, value)
	{
		if (!read_call_field(arena, key, value, &call))
			return -EBADMSG;
	}
	if (!call.method || (call.more && call.oneway))
		return -EBADMSG;
	*ret = call;
	return 0;
}

int codec_parse_reply(struct arena *arena, const char *text, size_t n, struct codec_reply *ret)
{
	const struct codec_value *message;
	struct codec_reply reply = { 0 };
	int r = codec_parse(arena, text, n, &limits_reply, &message);

	if (r < 0)
		return r;
	json_object_object_foreach(codec_json(message), key, value)
	{
		bool is_right = true;

		if (streq(key, "error"))
			is_right = !value || read_text(arena, value, &reply.error);
		else if (streq(key, "parameters"))
			is_right = read_parameters(value, &reply.parameters);
		else if (streq(key, "continues"))
			is_right = read_flag(value, &reply.continues);
		if (!is_right)
			return -EBADMSG;
	}
	*ret = reply;
	return 0;
}

/* parameters is the text of an object that we made or checked ourselves: it goes in as it is. */
static const char *print_with(struct arena *arena, struct json_object *head, const char *parameters)
{
	const char *text = codec_print(arena, codec_own(arena, head), false);

	if (!parameters)
		return text;
	return arena_printf(arena, "%.*s%s\"parameters\":%s}", (int)(strlen(text) - 1), text,
		json_object_object_length(head) > 0 ? "," : "", parameters);
}

const char *codec_encode_call(
	struct arena *arena, const char *method, bool more, bool oneway, const char *parameters)
{
	struct json_object *head = made(json_object_new_object());

	add(head, "method", json_object_new_string(method));
	if (more)
		add(head, "more", json_object_new_boolean(true));
	if (oneway)
		add(head, "oneway", json_object_new_boolean(true));
	return print_with(arena, head, parameters);
}

/* What others named, interfaces and tables, may be any bytes, and with such a one nobody could read the reply: each that is no
 * UTF-8 becomes U+FFFD. Outside of strings the text is ASCII. */
static const char *mend_text(struct arena *arena, const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t n = strlen(text), n_wrong = 0, length;
	char *mended, *to;

	for (size_t i = 0; i < n; i += length ? length : 1) {
		length = utf8_length(text + i, n - i);
		n_wrong += !length;
	}
	if (n_wrong == 0)
		return text;
	to = mended = arena_alloc(arena, n + n_wrong * strlen(replacement) + 1);
	for (size_t i = 0; i < n; i += length ? length : 1) {
		length = utf8_length(text + i, n - i);
		to = length ? mempcpy(to, text + i, length) : stpcpy(to, replacement);
	}
	*to = '\0';
	return mended;
}

const char *codec_encode_reply(
	struct arena *arena, const char *error, bool continues, const char *parameters)
{
	struct json_object *head = made(json_object_new_object());

	if (error)
		add(head, "error", json_object_new_string(error));
	if (continues)
		add(head, "continues", json_object_new_boolean(true));
	return print_with(arena, head, parameters ? mend_text(arena, parameters) : "{}");
}
