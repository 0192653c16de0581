#include "powers.h"

/*
 * What must hold of any powers: inside is reflexive and transitive, and whatever a child matches its parent matches.
 * Random powers from small pools, so that they often meet; the seed is fixed, so that a failure comes again.
 */

#define ROUNDS 20000

static uint64_t seed;

static size_t below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % n);
}

typedef struct pool {
    const char *member;
    bool list;
    bool required;
    size_t count;
    const char *values[8];
} pool;

static const pool onboarding[] = {
    {"actions", true, true, 3, {"'onboard'", "'read'", "'replace'"}},
    {"locations", true, true, 6, {"'a'", "'a/b'", "'a/b/c'", "'b'", "'ab'", "'b/a'"}},
    {"devices",
     true,
     true,
     8,
     {"{'any':true}", "{'serial':'S*'}", "{'serial':'S1*'}", "{'serial':'S10..S19'}", "{'serial':'S12..S15'}",
      "{'serial':'S13','model':'X'}", "{'model':'X'}", "{'id_link':'https://h/*','model':'X'}"}},
    {"max_devices", false, false, 3, {"1", "2", "3"}},
    {"evidence", true, false, 3, {"'device_key'", "'idevid'", "'approval'"}},
    {"credential_lifetime", false, false, 2, {"60", "90"}},
    {"effect", false, false, 2, {"'until_exp'", "'permanent'"}},
    {"on_revoke", false, false, 3, {"'stop_new'", "'review'", "'cascade'"}},
    {"hours",
     true,
     false,
     4,
     {"{'days':['thu','fri'],'from':'00:00','to':'24:00'}", "{'days':['thu'],'from':'00:00','to':'12:00'}",
      "{'days':['thu'],'from':'00:00','to':'00:01'}", "{'days':['fri'],'from':'06:00','to':'12:00'}"}},
    {"networks", true, false, 5, {"'10.0.0.0/8'", "'10.1.0.0/16'", "'0.0.0.0/0'", "'2001:db8::/32'", "'::/0'"}},
};

static const pool access_[] = {
    {"actions", true, true, 3, {"'read'", "'write'", "'reads'"}},
    {"resources",
     true,
     true,
     5,
     {"'https://h'", "'https://h/a'", "'https://h/a/b'", "'https://h:8443'", "'http://h/a'"}},
    {"networks", true, false, 2, {"'10.0.0.0/8'", "'10.1.0.0/16'"}},
};

/* A value from a pool, or NULL to leave an optional member out. */
static json_t *roll(const pool *p)
{
    if (!p->required && below(3) == 0)
        return NULL;
    if (!p->list)
        return json_of(p->values[below(p->count)]);
    json_t *list = json_array();
    const unsigned chosen = 1 + (unsigned)below((1u << p->count) - 1);
    for (size_t i = 0; i < p->count; i++)
        if (chosen & 1u << i)
            json_array_append_new(list, json_of(p->values[i]));
    return list;
}

static void reroll(json_t *power, const pool *p)
{
    json_object_del(power, p->member);
    json_t *value = roll(p);
    if (value)
        json_object_set_new(power, p->member, value);
}

static const pool *pools_of(const json_t *power, size_t *count)
{
    const bool access = strcmp(json_string_value(json_object_get(power, "type")), "access") == 0;
    *count = access ? POA_COUNT(access_) : POA_COUNT(onboarding);
    return access ? access_ : onboarding;
}

static json_t *random_power(void)
{
    json_t *power = json_of(below(3) == 0 ? "{'type':'access'}" : "{'type':'device_onboarding'}");
    size_t count = 0;
    const pool *pools = pools_of(power, &count);
    for (size_t i = 0; i < count; i++)
        reroll(power, &pools[i]);
    return power;
}

/* The same but for at most two members, so that one of both often lies inside the other. */
static json_t *near(const json_t *power)
{
    json_t *other = json_deep_copy(power);
    size_t count = 0;
    const pool *pools = pools_of(other, &count);
    for (size_t n = below(3); n > 0; n--)
        reroll(other, &pools[below(count)]);
    return other;
}

/* 1 to 3 powers, all of them near to one of array, or random where array is NULL. */
static json_t *random_powers(const json_t *array)
{
    json_t *powers = json_array();
    for (size_t n = 1 + below(3); n > 0; n--) {
        json_t *power = array ? near(json_array_get(array, below(json_array_size(array)))) : random_power();
        json_array_append_new(powers, power);
        if (!poa_powers_form(powers)) /* it came twice */
            json_array_remove(powers, json_array_size(powers) - 1);
    }
    return powers;
}

static poa_span pick(const char *const *texts, size_t count)
{
    return poa_span_of(texts[below(count)]);
}

#define PICK(...) pick((const char *const[]){__VA_ARGS__}, POA_COUNT(((const char *const[]){__VA_ARGS__})))

static poa_request random_request(const poa_identity *replaced)
{
    poa_request r = {
        .type = PICK("device_onboarding", "device_onboarding", "access"),
        .location = PICK("a", "a/b", "a/b/c/d", "b", "ab", NULL),
        .resource = PICK("https://h", "https://h/a/b/c", "https://h:8443", "http://h/a"),
        .device = {.serial = PICK("S13", "S13", "S1", "S20", NULL),
                   .model = PICK("X", "Y"),
                   .id_link = PICK("https://h/a", NULL)},
        .evidence = (unsigned)below(16),
        .now_s = (int64_t)below(2 * 86400),
    };
    r.action = r.type.len == 6 ? PICK("read", "write") : PICK("onboard", "read", "replace");
    r.replaced = poa_span_is(r.action, "replace") ? replaced : NULL;
    const poa_span address = PICK("10.1.2.3", "10.2.2.3", "192.0.2.1", "2001:db8::1", "");
    (void)!poa_address_parse(address, &r.address);
    return r;
}

typedef struct tally {
    size_t inside;
    size_t transitive;
    size_t matched;
} tally;

static bool matches(const poa_powers *powers, const poa_request *request)
{
    size_t applied = 0;
    return poa_powers_match(powers, 0, request, NULL, NULL, &applied, NULL) == POA_OK;
}

static bool is_inside(const poa_powers *child, const poa_powers *parent)
{
    return poa_powers_inside(child, parent, 1, NULL) == POA_OK;
}

static void check_matches(const poa_powers *child, const poa_powers *parent, tally *t)
{
    const poa_identity replaced = {.serial = POA_SPAN("S14"), .model = POA_SPAN("X")};
    for (int i = 0; i < 16; i++) {
        const poa_request request = random_request(&replaced);
        if (!matches(child, &request))
            continue;
        t->matched++;
        assert_true(matches(parent, &request));
    }
}

static void check_round(tally *t)
{
    POA_CLEANUP(poa_json_decrefp) json_t *top = random_powers(NULL);
    POA_CLEANUP(poa_json_decrefp) json_t *middle = random_powers(top);
    POA_CLEANUP(poa_json_decrefp) json_t *bottom = random_powers(middle);
    POA_CLEANUP(poa_powers_freep) poa_powers *a = powers_take(json_incref(bottom), "bottom");
    POA_CLEANUP(poa_powers_freep) poa_powers *b = powers_take(json_incref(middle), "middle");
    POA_CLEANUP(poa_powers_freep) poa_powers *c = powers_take(json_incref(top), "top");

    assert_true(is_inside(a, a));
    if (!is_inside(a, b))
        return;
    t->inside++;
    check_matches(a, b, t);
    if (!is_inside(b, c))
        return;
    t->transitive++;
    assert_true(is_inside(a, c));
    check_matches(a, c, t);
}

static void inside_means_no_more(void **state)
{
    (void)state;
    seed = UINT64_C(0x9e3779b97f4a7c15);
    tally t = {0};
    for (int i = 0; i < ROUNDS; i++)
        check_round(&t);
    /* It tells nothing unless the cases come up. */
    print_message("# %zu inside, %zu twice, %zu requests matched\n", t.inside, t.transitive, t.matched);
    assert_true(t.inside > ROUNDS / 20);
    assert_true(t.transitive > ROUNDS / 100);
    assert_true(t.matched > ROUNDS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(inside_means_no_more)};
    return cmocka_run_group_tests_name("power_laws", tests, NULL, NULL);
}
