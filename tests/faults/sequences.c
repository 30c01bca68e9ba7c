/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequences - random sequences of requests, restarts and faults, and a model that says what must come of each
 *
 *     sequences [--seed N] [--count M]
 *
 * Each seed is one sequence: what it draws depends on the seed and on what the model knows, so that it is the same over the fake
 * kernel (sequences) and the real one (sequences-real). After each step the daemon's objects are those of the model, the kernel
 * has what belongs to them and nothing else, an error has changed nothing, and so has a restart. At the end all is deleted, and all
 * is as it was at the beginning. Where that does not hold the seed is printed, with the steps that led there.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "log.h"
#include "sequence.h"

#define STEPS_LEAST 8U
#define STEPS_MORE  9U /* up to so many more, less one */

struct sequence {
	uint64_t seed, state;
	struct world *world;
	struct model model;
	bool has_fault;
	const char *steps;
	uint64_t sum; /* of the kernel, now */
};

static struct {
	uint64_t sequences, requests, refused, faults, restarts;
} counts;

static unsigned draw(struct sequence *sequence, unsigned n)
{
	return asked_draw(&sequence->state, n);
}

_Noreturn static void give_up(struct sequence *sequence, const char *wrong)
{
	(void)printf("%s\nthere is:\n%s", sequence->steps, sequence_picture(sequence->world));
	(void)printf("seed %" PRIu64 ": %s\n", sequence->seed, wrong);
	exit(EXIT_FAILURE);
}

static void note(struct sequence *sequence, const char *text)
{
	sequence->steps = arena_printf(&sequence->world->arena, "%s\n%s", sequence->steps, text);
}

/* Drawing. */

static void draw_persistent(struct sequence *sequence, struct asked *asked)
{
	asked->has_persistent = draw(sequence, 3) == 0;
	asked->is_persistent = draw(sequence, 4) > 0;
}

static uid_t draw_user(struct sequence *sequence)
{
	static const uid_t users[] = { 0, 0, 1001, 1002 };

	return users[draw(sequence, lengthof(users))];
}

static int64_t draw_revision(struct sequence *sequence, int64_t revision)
{
	static const int64_t off[] = { 0, 0, 0, 1 };
	bool is_named = draw(sequence, 3) == 0;
	int64_t by = off[draw(sequence, lengthof(off))];

	return is_named ? revision + by : 0;
}

/* Requests as text. */

static const char *print_persistent(
	struct arena *arena, const char *text, const struct asked *asked)
{
	return asked->has_persistent ? arena_printf(arena, "%s,\"persistent\":%s", text,
					       asked->is_persistent ? "true" : "false")
				     : text;
}

static const char *print_namespace(struct sequence *sequence, const struct asked *asked)
{
	struct arena *arena = &sequence->world->arena;
	const char *text = arena_printf(
		arena, "\"description\":\"%" PRIu64 "\"", (uint64_t)draw(sequence, 100));

	for (size_t i = 0; asked->has_attachments && i < asked->n_attachments; i++) {
		const struct asked_attachment *wish = &asked->attachments[i];
		const char *address =
			!wish->address ? ""
			: !*wish->address
				? ",\"addresses\":[]"
				: arena_printf(arena, ",\"addresses\":[\"%s\"]", wish->address);

		text = arena_printf(arena, "%s%s{\"network\":\"%s\"%s%s}", text,
			i == 0 ? ",\"attachments\":[" : ",", model_networks[wish->network], address,
			asked->is_same_interface ? ",\"interfaceName\":\"x0\"" : "");
	}
	if (asked->has_attachments)
		text = arena_printf(
			arena, "%s%s", text, asked->n_attachments ? "]" : ",\"attachments\":[]");
	for (size_t i = 0; asked->has_ports && i < asked->n_ports; i++) {
		const struct model_port *port = &asked->ports[i];
		const char *host =
			port->host ? arena_printf(arena, ",\"hostPort\":%u", port->host) : "";

		text = arena_printf(arena, "%s%s{\"protocol\":\"%s\",\"namespacePort\":%u%s}", text,
			i == 0 ? ",\"ports\":[" : ",",
			port->protocol == NSNET_PROTOCOL_UDP ? "udp" : "tcp", port->inside, host);
	}
	if (asked->has_ports)
		text = arena_printf(arena, "%s%s", text, asked->n_ports ? "]" : ",\"ports\":[]");
	if (asked->is_bad_setting)
		text = arena_printf(arena, "%s,\"sysctls\":{\"net.ipv4.ip_forward\":\"7\"}", text);
	else if (draw(sequence, 4) == 0)
		text = arena_printf(arena, "%s,\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}", text);
	return print_persistent(arena, text, asked);
}

static const char *print_network(struct sequence *sequence, const struct asked *asked)
{
	struct arena *arena = &sequence->world->arena;
	const char *text =
		arena_printf(arena, "\"isolated\":%s", draw(sequence, 2) ? "true" : "false");

	for (size_t i = 0; asked->has_prefixes && i < asked->n_prefixes; i++)
		text = arena_printf(arena, "%s%s\"%s\"", text, i == 0 ? ",\"prefixes\":[" : ",",
			asked->prefixes[i]);
	if (asked->has_prefixes)
		text = arena_printf(
			arena, "%s%s", text, asked->n_prefixes ? "]" : ",\"prefixes\":[]");
	if (asked->has_no_gateway)
		text = arena_printf(arena, "%s,\"gateways\":[]", text);
	if (asked->has_reach)
		text = arena_printf(arena, "%s,\"reach\":\"%s\"", text,
			codec_enum_name(&nsnet_reach_enum, (int)asked->reach));
	if (asked->mtu)
		text = arena_printf(
			arena, "%s,\"maximumTransmissionUnit\":%" PRId64, text, asked->mtu);
	return print_persistent(arena, text, asked);
}

/* Asking. */

static const char *ask(
	struct sequence *sequence, uid_t uid, const char *method, const char *parameters)
{
	struct arena *arena = &sequence->world->arena;
	const char *frame = arena_printf(arena,
		"{\"method\":\"alt.nsnet.%s\",\"parameters\":{%s},\"more\":true}", method,
		parameters);
	const char *reply;

	counts.requests++;
	note(sequence, arena_printf(arena, "%u: %s {%s}%s", uid, method, parameters,
			       sequence->has_fault ? " (fault)" : ""));
	reply = world_ask_as(sequence->world, uid, uid == 0 ? 0 : 100, frame);
	note(sequence, arena_printf(arena, "    %s", reply));
	return reply;
}

static bool is_error(const char *reply, const char *name)
{
	const char *error = strstr(reply, "{\"error\":\"");
	const char *end = error ? strchr(error + 10, '"') : NULL;
	size_t n = strlen(name);

	return end && (size_t)(end - error) > n && strncmp(end - n, name, n) == 0 &&
	       end[-1 - (ptrdiff_t)n] == '.';
}

/* Whether it was done; anything else than what the verdict lets be is wrong. */
static bool is_done(struct sequence *sequence, const char *reply, struct verdict verdict)
{
	bool is_refused = after(reply, "{\"error\"");

	counts.refused += is_refused;
	if (!is_refused) {
		if (verdict.must)
			give_up(sequence, "done, and should have been refused");
		return true;
	}
	if (sequence->has_fault && is_error(reply, "KernelError")) {
		counts.faults++;
		return false;
	}
	for (int i = 0; i < WRONGS; i++)
		if ((verdict.must | verdict.may) & 1U << i && is_error(reply, model_wrongs[i]))
			return false;
	give_up(sequence, "refused, and not for a reason that the model knows");
}

/* Whatever was asked for: all is as the model has it; sum: what the kernel had before, where nothing is to be changed. */
static void check(struct sequence *sequence, struct touched touched, bool is_unchanged)
{
	struct sequence_things things;
	const char *wrong = model_learn(&sequence->model, sequence->world, touched);
	uint64_t sum;

	if (wrong)
		give_up(sequence, wrong);
	model_things(&sequence->model, sequence->world, &things);
	wrong = sequence_compare(sequence->world, &things);
	if (wrong)
		give_up(sequence, wrong);
	sum = sequence_sum(sequence->world, is_unchanged ? sequence->sum : 0);
	if (is_unchanged && sum != sequence->sum)
		give_up(sequence, "the kernel has something else than before");
	sequence->sum = sum;
}

static void plant_fault(struct sequence *sequence)
{
	enum step_type type = (enum step_type)draw(sequence, STEP_TYPES);
	unsigned n = draw(sequence, 2);

	if (draw(sequence, 2) == 0)
		sequence->has_fault = sequence_fail_at(sequence->world, type, n);
}

static void end_fault(struct sequence *sequence)
{
	sequence_fail_no_more(sequence->world);
	sequence->has_fault = false;
}

/* The steps. */

/* The network "default" comes with the first namespace that wants it. */
static bool brings_default(const struct model *model, const struct asked *asked)
{
	for (size_t i = 0; asked->has_attachments && i < asked->n_attachments; i++)
		if (asked->attachments[i].network == 0)
			return !model->networks[0].is_there;
	return false;
}

static void take_namespace(struct sequence *sequence, int index, const struct asked *asked)
{
	struct model_namespace *ns = &sequence->model.namespaces[index];

	if (!asked->is_change)
		*ns = (struct model_namespace){ .is_there = true, .uid = asked->uid };
	if (asked->has_attachments) {
		ns->n_attachments = asked->n_attachments;
		for (size_t i = 0; i < asked->n_attachments; i++)
			ns->attachments[i] =
				(struct model_attachment){ .network =
								   asked->attachments[i].network };
	}
	if (asked->has_ports) {
		ns->n_ports = asked->n_ports;
		memcpy(ns->ports, asked->ports, sizeof(ns->ports));
	}
	if (asked->has_persistent)
		ns->is_persistent = asked->is_persistent;
	if (brings_default(&sequence->model, asked))
		sequence->model.networks[0] = (struct model_network){ .is_there = true };
	for (size_t i = 0; ns->is_persistent && i < ns->n_attachments; i++)
		if (ns->attachments[i].network == 0)
			sequence->model.networks[0].is_persistent = true;
}

static void wish_namespace(struct sequence *sequence, bool is_change)
{
	int index = (int)draw(sequence, NAMESPACES);
	struct asked asked = { .uid = draw_user(sequence), .is_change = is_change };
	struct arena *arena = &sequence->world->arena;
	struct touched touched = { -1, index };
	bool is_left_out = false, is_done_now, has_default;
	struct verdict verdict;
	const char *parameters;

	if (draw(sequence, 3) > 0)
		asked_attachments(&sequence->state, &asked);
	if (draw(sequence, 2) == 0)
		asked_ports(&sequence->state, &asked);
	asked.is_bad_setting = draw(sequence, 24) == 0;
	draw_persistent(sequence, &asked);
	if (is_change)
		asked.revision =
			draw_revision(sequence, sequence->model.namespaces[index].revision);
	is_left_out = !is_change && !asked.has_attachments;
	parameters = arena_printf(arena, "\"name\":\"%s\",\"context\":{%s}",
		model_namespaces[index], print_namespace(sequence, &asked));
	if (asked.revision)
		parameters =
			arena_printf(arena, "%s,\"revision\":%" PRId64, parameters, asked.revision);
	if (is_left_out) {
		asked.has_attachments = true;
		asked.n_attachments = 1;
	}
	has_default =
		sequence->model.networks[0].is_there && sequence->model.networks[0].is_persistent;
	verdict = model_judge_namespace(&sequence->model, index, &asked);
	plant_fault(sequence);
	is_done_now = is_done(sequence,
		ask(sequence, asked.uid, is_change ? "SetNamespace" : "CreateNamespace",
			parameters),
		verdict);
	end_fault(sequence);
	if (is_done_now)
		take_namespace(sequence, index, &asked);
	if (!has_default && sequence->model.networks[0].is_there && is_done_now)
		touched.network = 0;
	check(sequence, is_done_now ? touched : (struct touched){ -1, -1 }, !is_done_now);
}

static void take_network(struct sequence *sequence, int index, const struct asked *asked)
{
	struct model_network *network = &sequence->model.networks[index];

	if (!asked->is_change)
		*network = (struct model_network){ .is_there = true, .uid = asked->uid };
	network->has_no_gateway |= asked->has_no_gateway;
	if (asked->has_reach)
		network->declared_reach = asked->reach;
	if (asked->mtu)
		network->mtu = asked->mtu;
	if (asked->has_persistent)
		network->is_persistent = asked->is_persistent;
}

static void wish_network(struct sequence *sequence, bool is_change)
{
	static const int64_t mtus[] = { 0, 0, 0, 1400, 1280, 1000 };
	int index = (int)draw(sequence, NETWORKS);
	struct asked asked = { .uid = draw_user(sequence), .is_change = is_change };
	struct arena *arena = &sequence->world->arena;
	struct verdict verdict;
	const char *parameters;
	bool is_done_now;

	if (draw(sequence, is_change ? 4 : 2) == 0)
		asked_prefixes(&sequence->state, &asked);
	asked.has_no_gateway = draw(sequence, 8) == 0;
	draw_persistent(sequence, &asked);
	asked.has_reach = draw(sequence, 2) == 0;
	asked.reach = (enum nsnet_reach[]){ NSNET_REACH_NAT, NSNET_REACH_ROUTE,
		NSNET_REACH_INTERNAL }[draw(sequence, 3)];
	asked.mtu = mtus[draw(sequence, lengthof(mtus))];
	if (is_change)
		asked.revision = draw_revision(sequence, sequence->model.networks[index].revision);
	parameters = arena_printf(arena, "\"name\":\"%s\",\"context\":{%s}", model_networks[index],
		print_network(sequence, &asked));
	if (asked.revision)
		parameters =
			arena_printf(arena, "%s,\"revision\":%" PRId64, parameters, asked.revision);
	verdict = model_judge_network(&sequence->model, index, &asked);
	plant_fault(sequence);
	is_done_now = is_done(sequence,
		ask(sequence, asked.uid, is_change ? "SetNetwork" : "CreateNetwork", parameters),
		verdict);
	end_fault(sequence);
	if (is_done_now)
		take_network(sequence, index, &asked);
	check(sequence, (struct touched){ is_done_now ? index : -1, -1 }, !is_done_now);
}

static void delete_namespaces(struct sequence *sequence)
{
	uid_t uid = draw_user(sequence);
	int first = (int)draw(sequence, NAMESPACES), second = (int)draw(sequence, NAMESPACES);
	bool is_two = draw(sequence, 3) == 0, is_done_now;
	struct model *model = &sequence->model;
	struct verdict verdict = { 0 };
	const char *names = arena_printf(&sequence->world->arena, "\"names\":[\"%s\"%s]",
		model_namespaces[first],
		is_two ? arena_printf(&sequence->world->arena, ",\"%s\"", model_namespaces[second])
		       : "");

	if (!model_may_see_namespace(model, uid, first) ||
		(is_two && !model_may_see_namespace(model, uid, second)))
		verdict.must |= 1U << WRONG_NO_NAMESPACE;
	if (is_two && first == second)
		verdict.must |= 1U << WRONG_PARAMETER;
	is_done_now = is_done(sequence, ask(sequence, uid, "DeleteNamespaces", names), verdict);
	if (is_done_now) {
		model->namespaces[first].is_there = false;
		if (is_two)
			model->namespaces[second].is_there = false;
	}
	check(sequence, (struct touched){ -1, -1 }, !is_done_now);
}

static void delete_network(struct sequence *sequence)
{
	uid_t uid = draw_user(sequence);
	int index = (int)draw(sequence, NETWORKS);
	struct model *model = &sequence->model;
	struct verdict verdict = { 0 };
	bool is_done_now;

	if (!model_may_see_network(model, uid, index))
		verdict.must |= 1U << WRONG_NO_NETWORK;
	else if (uid != 0 && uid != model->networks[index].uid)
		verdict.must |= 1U << WRONG_PERMISSION;
	if (model_attached(model, index) > 0)
		verdict.must |= 1U << WRONG_BUSY;
	is_done_now = is_done(sequence,
		ask(sequence, uid, "DeleteNetworks",
			arena_printf(&sequence->world->arena, "\"names\":[\"%s\"]",
				model_networks[index])),
		verdict);
	if (is_done_now)
		model->networks[index].is_there = false;
	check(sequence, (struct touched){ -1, -1 }, !is_done_now);
}

static size_t count_text(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

/* Each of his, and those alone. */
static void list(struct sequence *sequence)
{
	uid_t uid = draw_user(sequence);
	bool is_network = draw(sequence, 2);
	struct verdict verdict = { 0 };
	size_t n = 0;
	const char *reply;

	for (int i = 0; i < NETWORKS && is_network; i++)
		n += model_may_see_network(&sequence->model, uid, i);
	for (int i = 0; i < NAMESPACES && !is_network; i++)
		n += model_may_see_namespace(&sequence->model, uid, i);
	if (n == 0)
		verdict.must = 1U << (is_network ? WRONG_NO_NETWORK : WRONG_NO_NAMESPACE);
	reply = ask(sequence, uid, is_network ? "ListNetworks" : "ListNamespaces", "");
	if (is_done(sequence, reply, verdict) && count_text(reply, "\"runtime\":{") != n)
		give_up(sequence, "another number is told of");
	check(sequence, (struct touched){ -1, -1 }, true);
}

static void restart(struct sequence *sequence)
{
	counts.restarts++;
	note(sequence, "restart");
	sequence_restart(sequence->world);
	check(sequence, (struct touched){ -1, -1 }, true);
}

/* What was chosen is chosen again. */
static bool is_as_before(const struct model *before, const struct model *model)
{
	for (int i = 0; i < NETWORKS; i++)
		if (model->networks[i].is_there &&
			memcmp(before->networks[i].prefixes, model->networks[i].prefixes,
				sizeof(before->networks[i].prefixes)) != 0)
			return false;
	for (int i = 0; i < NAMESPACES; i++)
		for (size_t j = 0;
			model->namespaces[i].is_there && j < model->namespaces[i].n_attachments;
			j++)
			if (memcmp(before->namespaces[i].attachments[j].addresses,
				    model->namespaces[i].attachments[j].addresses,
				    sizeof(before->namespaces[i].attachments[j].addresses)) != 0)
				return false;
	return true;
}

static void reboot(struct sequence *sequence)
{
	struct model *model = &sequence->model, before = *model;

	note(sequence, "reboot");
	if (!sequence_reboot(sequence->world)) {
		restart(sequence);
		return;
	}
	counts.restarts++;
	for (int i = 0; i < NETWORKS; i++)
		model->networks[i].is_there =
			model->networks[i].is_there && model->networks[i].is_persistent;
	for (int i = 0; i < NAMESPACES; i++)
		model->namespaces[i].is_there =
			model->namespaces[i].is_there && model->namespaces[i].is_persistent;
	check(sequence, (struct touched){ ALL, ALL }, false);
	if (!is_as_before(&before, model))
		give_up(sequence, "another address or prefix was chosen");
}

static void step(struct sequence *sequence)
{
	unsigned what = draw(sequence, 20);

	if (what < 6)
		wish_namespace(sequence, false);
	else if (what < 9)
		wish_namespace(sequence, true);
	else if (what < 12)
		wish_network(sequence, false);
	else if (what < 14)
		wish_network(sequence, true);
	else if (what < 16)
		delete_namespaces(sequence);
	else if (what < 17)
		delete_network(sequence);
	else if (what < 18)
		list(sequence);
	else if (what < 19)
		restart(sequence);
	else
		reboot(sequence);
}

static void delete_one(struct sequence *sequence, const char *method, const char *name)
{
	const char *names = arena_printf(&sequence->world->arena, "\"names\":[\"%s\"]", name);

	(void)is_done(sequence, ask(sequence, 0, method, names), (struct verdict){ 0 });
}

static void delete_all(struct sequence *sequence)
{
	struct model *model = &sequence->model;

	for (int i = 0; i < NAMESPACES; i++)
		if (model->namespaces[i].is_there)
			delete_one(sequence, "DeleteNamespaces", model_namespaces[i]);
	for (int i = 0; i < NETWORKS; i++)
		if (model->networks[i].is_there)
			delete_one(sequence, "DeleteNetworks", model_networks[i]);
	*model = (struct model){ 0 };
}

static void run(uint64_t seed)
{
	struct sequence sequence = { .seed = seed, .state = seed, .steps = "" };
	uint64_t beginning;
	unsigned n;

	if (sequence_open(&sequence.world) < 0)
		abort();
	beginning = sequence.sum = sequence_sum(sequence.world, 0);
	n = STEPS_LEAST + draw(&sequence, STEPS_MORE);
	for (unsigned i = 0; i < n; i++)
		step(&sequence);
	delete_all(&sequence);
	sequence.sum = beginning;
	check(&sequence, (struct touched){ -1, -1 }, true);
	sequence_close(sequence.world);
	counts.sequences++;
}

static uint64_t number_of(const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (end == text || *end) {
		(void)fprintf(stderr, "sequences: \"%s\" is no number\n", text);
		exit(2);
	}
	return number;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ 0 },
	};
	uint64_t seed = 1, count = 1000;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (option) {
		case 's':
			seed = number_of(optarg);
			break;
		case 'n':
			count = number_of(optarg);
			break;
		default:
			return 2;
		}
	log_set_level(LOG_EMERG);
	sequence_enter();
	for (uint64_t i = 0; i < count; i++)
		run(seed + i);
	(void)printf("%s: seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " sequences, %" PRIu64
		     " requests, %" PRIu64 " of them refused, %" PRIu64 " faults met, %" PRIu64
		     " restarts; model and kernel equal after each\n",
		program_invocation_short_name, seed, seed + count - 1, counts.sequences,
		counts.requests, counts.refused, counts.faults, counts.restarts);
	return EXIT_SUCCESS;
}
