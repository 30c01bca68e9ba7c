/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attachments - networks that a namespace is attached to, and how the traffic of the first is shaped
 */
#include "attachments.h"

#include "check.h"
#include "parts.h"
#include "units.h"

enum { RATE_MIN = 8000 };

static const char one_address[] =
	"one address cannot be that of several namespaces; leave out ip= and mac=, or create one by one";

static void append_text(struct arena *arena, struct string_list *list, const char *text)
{
	const char **more = arena_array(arena, list->n + 1, sizeof(*more));

	if (list->n > 0)
		memcpy(more, list->items, list->n * sizeof(*more));
	more[list->n] = text;
	*list = (struct string_list){ more, list->n + 1 };
}

static int read_address(struct settings *settings, struct nsnet_attachment *attachment,
	const char *value, struct problem *problem)
{
	struct string_list *addresses = &attachment->addresses;
	bool is_none = streq(value, "none");

	if ((addresses->items && addresses->n == 0) || (is_none && addresses->n > 0))
		return problem_usage(problem, "--network: ip=none beside another ip=");
	if (is_none) {
		addresses->items = arena_alloc(problem->arena, 0);
		return 0;
	}
	if (check_address(value) == 0)
		return problem_usage(problem, "--network: \"%s\" is no IP address%s", value,
			strchr(value, '/') ? " (its length is the network's)" : "");
	settings->one_only = one_address;
	append_text(problem->arena, addresses, value);
	return 0;
}

static int read_part(struct settings *settings, struct nsnet_attachment *attachment,
	const char *key, char *value, struct problem *problem)
{
	if (value && streq(key, "ip"))
		return read_address(settings, attachment, value, problem);
	if (value && streq(key, "mac")) {
		if (!check_is_hardware_address(value))
			return problem_usage(
				problem, "--network: \"%s\" is no address of a card", value);
		settings->one_only = one_address;
		attachment->hardware_address = value;
		return 0;
	}
	if (value && streq(key, "name")) {
		if (!check_is_interface_name(value))
			return problem_usage(
				problem, "--network: \"%s\" cannot name an interface", value);
		attachment->interface_name = value;
		return 0;
	}
	return parts_unknown(problem, "network", key, value, "what there is: ip=, mac= and name=");
}

int attachments_network(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	struct nsnet_attachment attachment = { 0 };
	struct parts parts;
	enum edits_way way;
	const char *key;
	char *part;
	int r = edits_begin(&settings->edits, EDITS_ATTACHMENTS, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	parts = parts_split(problem->arena, value);
	/* NET:10.0.0.1 */
	if (!parts.rest && strchr(parts.head, ':'))
		return problem_usage(problem, "--network: an address is NET:ip=ADDRESS");
	if (!check_is_name(parts.head))
		return problem_usage(
			problem, "--network: \"%s\" cannot name a network", parts.head);
	attachment.network = parts.head;
	while (r == 0 && parts_next(&parts, &key, &part))
		r = read_part(settings, &attachment, key, part, problem);
	if (r != 0)
		return r;
	if (way == EDITS_TAKE && (attachment.addresses.items || attachment.hardware_address))
		return problem_usage(
			problem, "--network: what is taken away is -NET, or -NET:name=INTERFACE");
	edits_put(&settings->edits, EDITS_ATTACHMENTS, way, &attachment, value, problem->arena);
	return 0;
}

/* What is wrong with a number and its unit. */
static int tell_fault(struct problem *problem, enum units_fault fault, const char *option,
	const char *value, const char *what, const char *examples)
{
	switch (fault) {
	case UNITS_OK:
		break;
	case UNITS_NO_NUMBER:
		return problem_usage(problem, "--%s: \"%s\" is no %s, such as %s", option, value,
			what, examples);
	case UNITS_NO_UNIT:
		return problem_usage(problem, "--%s: \"%s\" lacks its unit; such as %s are right",
			option, value, examples);
	case UNITS_UNEVEN:
		return problem_usage(
			problem, "--%s: \"%s\" is finer than the kernel goes", option, value);
	case UNITS_TOO_MUCH:
		return problem_usage(problem, "--%s: \"%s\" is too much", option, value);
	}
	return 0;
}

int attachments_rate(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	const char *up = after(value, "up="), *down = after(value, "down=");
	const char *text = up ? up : down ? down : value;
	int64_t rate = 0;

	if (!streq(text, "none")) {
		int r = tell_fault(problem, units_rate(text, &rate), "rate", text, "rate",
			"10mbit or 500kbit");

		if (r != 0)
			return r;
		if (rate < RATE_MIN)
			return problem_usage(problem, "--rate: \"%s\" is less than 8kbit", text);
	}
	if (!down)
		settings->shaping.send_rate = SOME_INT(rate);
	if (!up)
		settings->shaping.receive_rate = SOME_INT(rate);
	settings->shaping_option = "rate";
	return 0;
}

static int read_time(const char *text, int64_t *ret, struct problem *problem)
{
	if (streq(text, "0"))
		*ret = 0;
	return streq(text, "0") ? 0
				: tell_fault(problem, units_time(text, ret), "delay", text, "time",
					  "200us, 10ms or 1s");
}

int attachments_delay(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	char *text = arena_strdup(problem->arena, value), *comma = strchr(text, ',');
	int64_t delay = 0, jitter = 0;
	int r = 0;

	if (comma)
		*comma = '\0';
	if (comma || !streq(text, "none"))
		r = read_time(text, &delay, problem);
	if (r == 0 && comma)
		r = read_time(comma + 1, &jitter, problem);
	if (r != 0)
		return r;
	if (jitter > delay)
		return problem_usage(problem, "--delay: a spread of %s is more than the delay, %s",
			comma + 1, text);
	settings->shaping.delay = SOME_INT(delay);
	settings->shaping.jitter = SOME_INT(jitter);
	settings->shaping_option = "delay";
	return 0;
}

int attachments_loss(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	int64_t loss = 0;

	if (!streq(value, "none")) {
		int r = tell_fault(
			problem, units_share(value, &loss), "loss", value, "share", "0.1% or 5%");

		if (r != 0)
			return r;
		if (loss > 1000000)
			return problem_usage(problem, "--loss: \"%s\" is more than all", value);
	}
	settings->shaping.loss = SOME_INT(loss);
	settings->shaping_option = "loss";
	return 0;
}

/* What is named replaces; 0 is not to be any more. */
static void merge(struct maybe_int *field, struct maybe_int wished)
{
	if (wished.is_set)
		*field = wished.value != 0 ? wished : (struct maybe_int){ 0 };
}

int attachments_shape(
	struct settings *settings, const struct edits_noun *noun, struct problem *problem)
{
	struct nsnet_attachment_list *list = &settings->of_namespace.attachments;
	const struct nsnet_namespace_context *former = noun->former;
	struct nsnet_attachment *copy;
	struct nsnet_shaping *shaping;

	if (settings->edits.lists[EDITS_ATTACHMENTS].how == EDITS_NOT)
		*list = former->attachments;
	if (list->n == 0)
		return problem_usage(problem,
			"--%s is for the first network that a namespace is attached to; here is none",
			settings->shaping_option);
	/* The former's stay as they are: they may be needed again. */
	copy = arena_array(problem->arena, list->n, sizeof(*copy));
	memcpy(copy, list->items, list->n * sizeof(*copy));
	list->items = copy;
	shaping = arena_alloc(problem->arena, sizeof(*shaping));
	if (copy[0].shaping)
		*shaping = *copy[0].shaping;
	copy[0].shaping = shaping;
	merge(&shaping->send_rate, settings->shaping.send_rate);
	merge(&shaping->receive_rate, settings->shaping.receive_rate);
	merge(&shaping->delay, settings->shaping.delay);
	merge(&shaping->jitter, settings->shaping.jitter);
	merge(&shaping->loss, settings->shaping.loss);
	return 0;
}

static const char *add(struct arena *arena, const char *text, const char *what, const char *amount)
{
	return arena_printf(arena, "%s%s%s %s", text, *text ? ", " : "", what, amount);
}

const char *attachments_shaping_text(struct arena *arena, const struct nsnet_shaping *shaping)
{
	const char *text = "";

	if (!shaping)
		return NULL;
	if (shaping->send_rate.is_set)
		text = add(arena, text, "up", units_rate_text(arena, shaping->send_rate.value));
	if (shaping->receive_rate.is_set)
		text = add(
			arena, text, "down", units_rate_text(arena, shaping->receive_rate.value));
	if (shaping->delay.is_set)
		text = add(arena, text, "delay", units_time_text(arena, shaping->delay.value));
	if (shaping->jitter.is_set && shaping->jitter.value > 0)
		text = arena_printf(arena, "%s (jitter %s)", text,
			units_time_text(arena, shaping->jitter.value));
	if (shaping->loss.is_set)
		text = add(arena, text, "loss", units_share_text(arena, shaping->loss.value));
	return *text ? text : NULL;
}
