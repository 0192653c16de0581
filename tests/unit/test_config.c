#include "test.h"

#include "config_rig.h"

#include "span.h"

#include <inttypes.h>

/* ---- what is given and what is not ---- */

static void defaults(void **state)
{
    (void)state;
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(server_config_freep) server_config *config = load(MINIMAL, NULL, NULL, &report);
    assert_non_null(config);
    char data[sizeof folder + 16];
    (void)snprintf(data, sizeof data, "%s/data", folder);
    assert_string_equal(config->data, data);
    assert_string_equal(config->public_url, "https://poa.example");
    assert_null(config->ca_passphrase_file);
    assert_int_equal(config->limits.chain.chain_bytes, 16384);
    assert_int_equal(config->limits.http.header_bytes_max, 16384 + 8192 + 8192);
    assert_int_equal(config->limits.http.head_ms, 30000);
    assert_int_equal(config->listeners_len, 1);
    assert_null(config->listeners[0].certificate);
    assert_false(config->clear_text_beyond_loopback);
}

static void headers_grow_with_chains(void **state)
{
    (void)state;
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(server_config_freep)
    server_config *config = load(WITH("\"limits\":{\"chain_bytes\":65536}"), NULL, NULL, &report);
    assert_non_null(config);
    assert_int_equal(config->limits.http.header_bytes_max, 65536 + 8192 + 8192);
}

static void absolute_paths_stay(void **state)
{
    (void)state;
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(server_config_freep)
    server_config *config = load(WITH("\"policy\":\"/p.json\",\"ca\":{\"key\":\"k/../ca.key\"}"), NULL, NULL, &report);
    assert_non_null(config);
    assert_string_equal(config->policy, "/p.json");
    assert_string_equal(config->ca_key + strlen(folder), "/k/../ca.key");
}

/* ---- every number of the table, at its bounds and beyond ---- */

static bool is_number(const setting *s)
{
    return s->kind == SETTING_SIZE || s->kind == SETTING_U64 || s->kind == SETTING_COUNT || s->kind == SETTING_SECONDS;
}

static uint64_t number_of(const server_config *config, const setting *s)
{
    const void *field = (const char *)config + s->at;
    if (s->kind == SETTING_SIZE)
        return *(const size_t *)field;
    if (s->kind == SETTING_U64)
        return *(const uint64_t *)field;
    return *(const unsigned *)field / (s->kind == SETTING_SECONDS ? 1000 : 1);
}

/* `/limits/links` and 5 give {…,"limits":{"links":5}}. */
static void compose(const setting *s, const char *value, char *out, size_t cap)
{
    const char *slash = strchr(s->pointer + 1, '/');
    if (slash)
        (void)snprintf(out, cap, "{" URL "," LISTENERS ",\"%.*s\":{\"%s\":%s}}", (int)(slash - s->pointer - 1),
                       s->pointer + 1, slash + 1, value);
    else
        (void)snprintf(out, cap, "{" URL "," LISTENERS ",\"%s\":%s}", s->pointer + 1, value);
}

static void try_number(const setting *s, const char *value, bool good, uint64_t want)
{
    char json[512];
    compose(s, value, json, sizeof json);
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    POA_CLEANUP(server_config_freep) server_config *config = load(json, NULL, NULL, &report);
    if (good != (config != NULL))
        fail_msg("%s: %s", json, report.text ? report.text : "accepted");
    if (config)
        assert_int_equal(number_of(config, s), want);
    else
        holds(&report, s->pointer);
}

static void numbers_in_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_len; i++) {
        const setting *s = &settings[i];
        if (!is_number(s))
            continue;
        char text[32];
        (void)snprintf(text, sizeof text, "%" PRIu64, s->min);
        try_number(s, text, true, s->min);
        (void)snprintf(text, sizeof text, "%" PRIu64, s->max);
        try_number(s, text, true, s->max);
        (void)snprintf(text, sizeof text, "%" PRIu64, s->max + 1);
        try_number(s, text, false, 0);
        (void)snprintf(text, sizeof text, "%lld", (long long)s->min - 1);
        try_number(s, text, false, 0);
        (void)snprintf(text, sizeof text, "\"%" PRIu64 "\"", s->min);
        try_number(s, text, false, 0);
        (void)snprintf(text, sizeof text, "%" PRIu64 ".0", s->min);
        try_number(s, text, false, 0);
        try_number(s, "null", false, 0);
        try_number(s, "true", false, 0);
    }
}

/* Flags come before the environment, which comes before the file. */
static void numbers_from_elsewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_len; i++) {
        const setting *s = &settings[i];
        if (!is_number(s))
            continue;
        char json[512];
        char low[32];
        char variable[128];
        (void)snprintf(low, sizeof low, "%" PRIu64, s->min);
        compose(s, low, json, sizeof json);
        (void)snprintf(variable, sizeof variable, "%s=%" PRIu64, setting_variable(s).text, s->max);
        char *environment[] = {variable, NULL};
        const char *flags[64] = {0};
        POA_CLEANUP(poa_buf_clear) poa_buf report = {0};

        server_config *config = load(json, flags, environment, &report);
        assert_non_null(config);
        assert_int_equal(number_of(config, s), s->max);
        server_config_free(config);

        (void)snprintf(low, sizeof low, "%" PRIu64, s->min + 1);
        flags[i] = low;
        config = load(json, flags, environment, &report);
        assert_non_null(config);
        assert_int_equal(number_of(config, s), s->min + 1);
        server_config_free(config);

        (void)snprintf(low, sizeof low, "0%" PRIu64, s->min + 1);
        assert_null(load(json, flags, environment, &report));
        holds(&report, s->pointer);
        holds(&report, setting_flag(s).text);
    }
}

static void names_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_len; i++) {
        assert_int_equal(settings[i].pointer[0], '/');
        assert_true(strlen(settings[i].help) > 0);
        assert_true(!is_number(&settings[i]) ||
                    (settings[i].min <= settings[i].number && settings[i].number <= settings[i].max));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(setting_flag(&settings[i]).text, setting_flag(&settings[k]).text);
            assert_true(settings[i].at != settings[k].at);
        }
    }
    assert_string_equal(setting_flag(&settings[0]).text, "public-url");
    assert_string_equal(setting_variable(&settings[0]).text, "POA_AUTHZ_PUBLIC_URL");
}

static void a_switch_and_a_path_from_elsewhere(void **state)
{
    (void)state;
    static char on[] = "POA_AUTHZ_ALLOW_CLEAR_TEXT_BEYOND_LOOPBACK=true";
    static char data[] = "POA_AUTHZ_DATA=/var/lib/poa";
    char *environment[] = {on, data, NULL};
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    server_config *config = load(MINIMAL, NULL, environment, &report);
    assert_non_null(config);
    assert_true(config->clear_text_beyond_loopback);
    assert_string_equal(config->data, "/var/lib/poa");
    server_config_free(config);

    /* What is typed is meant from where it is typed. */
    static char here[] = "POA_AUTHZ_DATA=here";
    environment[1] = here;
    config = load(MINIMAL, NULL, environment, &report);
    assert_non_null(config);
    assert_string_equal(config->data, "here");
    server_config_free(config);

    static char yes[] = "POA_AUTHZ_ALLOW_CLEAR_TEXT_BEYOND_LOOPBACK=yes";
    environment[0] = yes;
    assert_null(load(MINIMAL, NULL, environment, &report));
    holds(&report, "/allow_clear_text_beyond_loopback (POA_AUTHZ_ALLOW_CLEAR_TEXT_BEYOND_LOOPBACK): expected true or "
                   "false, found \"yes\"");
}

/* ---- every error in one run ---- */

static void all_errors_are_told(void **state)
{
    (void)state;
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    assert_null(load("{\"listeners\":[],\"limits\":{\"links\":99},\"trusted_proxies\":[1]}", NULL, NULL, &report));
    holds(&report, " /public_url: ");
    holds(&report, " /listeners: ");
    holds(&report, " /limits/links: expected a whole number from 1 to 9, found 99\n");
    holds(&report, " /trusted_proxies/0: ");
    holds(&report, file);
}

static void variables_that_nobody_knows(void **state)
{
    (void)state;
    static char near[] = "POA_AUTHZ_LIMITS_LINK=3";
    static char other[] = "POA_BUILD=/build";
    char *environment[] = {other, NULL, NULL};
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    server_config *config = load(MINIMAL, NULL, environment, &report);
    assert_non_null(config);
    server_config_free(config);
    environment[1] = near;
    assert_null(load(MINIMAL, NULL, environment, &report));
    holds(&report,
          "environment: there is no setting POA_AUTHZ_LIMITS_LINK\n  hint: did you mean POA_AUTHZ_LIMITS_LINKS?");
}

static void no_file(void **state)
{
    (void)state;
    const config_source source = {"/nowhere/site.json", NULL, NULL};
    POA_CLEANUP(poa_buf_clear) poa_buf report = {0};
    server_config *config = NULL;
    assert_false(server_config_load(ctx, &source, &config, &report));
    assert_null(config);
    holds(&report, "/nowhere/site.json: No such file or directory\n  hint: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(headers_grow_with_chains),
        cmocka_unit_test(absolute_paths_stay),
        cmocka_unit_test(numbers_in_the_file),
        cmocka_unit_test(numbers_from_elsewhere),
        cmocka_unit_test(names_of_the_table),
        cmocka_unit_test(a_switch_and_a_path_from_elsewhere),
        cmocka_unit_test(all_errors_are_told),
        cmocka_unit_test(variables_that_nobody_knows),
        cmocka_unit_test(no_file),
    };
    return cmocka_run_group_tests_name("config", tests, set_up, tear_down);
}
