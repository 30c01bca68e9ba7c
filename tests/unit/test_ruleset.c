/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_ruleset - what becomes of a packet among other people's rules
 */
#include "cmocka_all.h"

#include "ruleset.h"

#define IN(text)  .in = { .is_set = true, .n = sizeof(text), .name = text }
#define OUT(text) .out = { .is_set = true, .n = sizeof(text), .name = text }

static const struct ruleset_way out = { .hook = RULESET_FORWARD,
	.family = AF_INET,
	.in = "nsnet0",
	.in_index = 5,
	.out = "up0",
	.out_index = 2 };

/* A hook's chain of these rules, and one that can be jumped to. */
struct world {
	struct ruleset_chain chains[2];
	struct ruleset_rule rules[8];
	struct ruleset ruleset;
};

static void make(struct world *world, const struct ruleset_rule *rules, size_t n,
	const struct ruleset_rule *others, size_t n_others)
{
	*world = (struct world){ 0 };
	world->chains[0] = (struct ruleset_chain){ .next = &world->chains[1],
		.family = RULESET_IP,
		.table = "t",
		.name = "c",
		.hook = RULESET_FORWARD };
	world->chains[1] = (struct ruleset_chain){
		.family = RULESET_IP, .table = "t", .name = "other", .hook = -1
	};
	world->ruleset = (struct ruleset){ .chains = world->chains, .n_chains = 2 };
	assert_true(n + n_others <= lengthof(world->rules));
	for (size_t i = 0; i < n + n_others; i++) {
		world->rules[i] = i < n ? rules[i] : others[i - n];
		world->rules[i].handle = i + 1;
		world->rules[i].next =
			i + 1 == n || i + 1 == n + n_others ? NULL : &world->rules[i + 1];
	}
	world->chains[0].first = n > 0 ? &world->rules[0] : NULL;
	world->chains[1].first = n_others > 0 ? &world->rules[n] : NULL;
}

#define RULES(...) \
	(const struct ruleset_rule[]){ __VA_ARGS__ }, \
		lengthof(((const struct ruleset_rule[]){ __VA_ARGS__ }))

/* Negative: it gets through; 0: the policy; else the rule's handle. */
static int ends(const struct world *world, const struct ruleset_way *way, bool *ret_is_sure)
{
	struct ruleset_end end;

	if (!ruleset_ends(&world->ruleset, &world->chains[0], way, &end))
		return -1;
	*ret_is_sure = end.is_sure;
	assert_ptr_equal(end.base, &world->chains[0]);
	return end.rule ? (int)end.rule->handle : 0;
}

static void ends_at(
	const struct world *world, const struct ruleset_way *way, int wanted, bool is_sure)
{
	bool is_sure_now = is_sure;

	assert_int_equal(ends(world, way, &is_sure_now), wanted);
	assert_int_equal(is_sure_now, is_sure);
}

static void test_policy(void **state unused)
{
	struct ruleset_way way = out;
	struct world world;

	make(&world, NULL, 0, NULL, 0);
	ends_at(&world, &out, -1, true);
	world.chains[0].drops = true;
	ends_at(&world, &out, 0, true);
	way.family = AF_INET6;
	ends_at(&world, &way, -1, true);
	way = out;
	way.hook = RULESET_INPUT;
	ends_at(&world, &way, -1, true);
	world.ruleset.is_cut = true;
	ends_at(&world, &out, 0, false);
	world.chains[0].family = RULESET_INET;
	way = out;
	way.family = AF_INET6;
	ends_at(&world, &way, 0, false);
	way.family = AF_UNSPEC;
	ends_at(&world, &way, -1, true);
}

static void test_interfaces(void **state unused)
{
	struct ruleset_way way = out;
	struct world world;

	make(&world, RULES({ IN("eth0"), .verdict = RULESET_DROP }), NULL, 0);
	ends_at(&world, &out, -1, true);
	make(&world, RULES({ IN("nsnet0"), .verdict = RULESET_DROP }), NULL, 0);
	ends_at(&world, &out, 1, true);
	/* "nsnet*" */
	make(&world,
		RULES({ .in = { .is_set = true, .n = 5, .name = "nsnet" },
			.verdict = RULESET_REJECT }),
		NULL, 0);
	ends_at(&world, &out, 1, true);
	/* "nsnet" is another one */
	make(&world, RULES({ IN("nsnet"), .verdict = RULESET_DROP }), NULL, 0);
	ends_at(&world, &out, -1, true);
	make(&world, RULES({ .out = { .is_set = true, .index = 2 }, .verdict = RULESET_DROP }),
		NULL, 0);
	ends_at(&world, &out, 1, true);
	make(&world,
		RULES({ .out = { .is_set = true, .is_not = true, .n = 4, .name = "up0" },
			.verdict = RULESET_DROP }),
		NULL, 0);
	ends_at(&world, &out, -1, true);
	/* It is accepted before the policy, or may be. */
	make(&world, RULES({ IN("nsnet0"), OUT("up0"), .verdict = RULESET_ACCEPT }), NULL, 0);
	world.chains[0].drops = true;
	ends_at(&world, &out, -1, true);
	way.out = NULL;
	ends_at(&world, &way, 0, false);
}

static void test_conditions(void **state unused)
{
	struct ruleset_way answer = out;
	struct world world;

	answer.is_answer = true;
	/* What may be dropped is not told of, what may be accepted makes the rest unsure. */
	make(&world, RULES({ .is_conditional = true, .verdict = RULESET_DROP }), NULL, 0);
	ends_at(&world, &out, -1, true);
	make(&world,
		RULES({ .is_conditional = true, .verdict = RULESET_ACCEPT },
			{ .verdict = RULESET_DROP }),
		NULL, 0);
	ends_at(&world, &out, 2, false);
	make(&world,
		RULES({ .states = RULESET_STATE_ESTABLISHED, .verdict = RULESET_ACCEPT },
			{ .verdict = RULESET_REJECT }),
		NULL, 0);
	ends_at(&world, &out, 2, true);
	ends_at(&world, &answer, -1, true);
	make(&world, RULES({ .verdict = RULESET_ANYTHING }, { .verdict = RULESET_DROP }), NULL, 0);
	ends_at(&world, &out, 2, false);
	make(&world, RULES({ .family = AF_INET6, .verdict = RULESET_DROP }), NULL, 0);
	ends_at(&world, &out, -1, true);
}

static void test_jumps(void **state unused)
{
	struct world world;

	make(&world,
		RULES({ .verdict = RULESET_JUMP, .target = "other" }, { .verdict = RULESET_DROP }),
		RULES({ .verdict = RULESET_NOTHING }, { .verdict = RULESET_RETURN },
			{ .verdict = RULESET_ACCEPT }));
	ends_at(&world, &out, 2, true);
	make(&world,
		RULES({ .verdict = RULESET_GOTO, .target = "other" }, { .verdict = RULESET_DROP }),
		RULES({ .verdict = RULESET_NOTHING }));
	ends_at(&world, &out, -1, true);
	world.chains[0].drops = true;
	ends_at(&world, &out, 0, true);
	make(&world, RULES({ .verdict = RULESET_JUMP, .target = "other" }),
		RULES({ .verdict = RULESET_DROP }));
	ends_at(&world, &out, 2, true);
	make(&world,
		RULES({ .verdict = RULESET_JUMP, .target = "nowhere" },
			{ .verdict = RULESET_DROP }),
		NULL, 0);
	ends_at(&world, &out, 2, false);
	/* The kernel lets nobody make that. */
	make(&world,
		RULES({ .verdict = RULESET_JUMP, .target = "other" }, { .verdict = RULESET_DROP }),
		RULES({ .verdict = RULESET_JUMP, .target = "other" }));
	ends_at(&world, &out, 2, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_jumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
