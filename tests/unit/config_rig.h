#ifndef POA_TEST_CONFIG_RIG_H
#define POA_TEST_CONFIG_RIG_H

#include "cleanup.h"
#include "crypto.h"
#include "settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A configuration in a file of its own, for the tests of the configuration. */

static poa_ctx *ctx;
static char folder[] = "/tmp/poa-test-config-XXXXXX";
static char file[sizeof folder + 16];

static inline int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(file, sizeof file, "%s/site.json", folder);
    return poa_ctx_new(&ctx);
}

static inline int tear_down(void **state)
{
    (void)state;
    poa_ctx_free(ctx);
    (void)unlink(file);
    return rmdir(folder);
}

static inline void write_document(const char *json)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_true(fputs(json, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Load a document; NULL when it is refused. The report says why. */
static inline server_config *load(const char *json, const char *const *flags, char *const *environment, poa_buf *report)
{
    write_document(json);
    const config_source source = {file, flags, environment};
    server_config *config = NULL;
    const bool good = server_config_load(ctx, &source, &config, report);
    assert_int_equal(good, config != NULL);
    assert_int_equal(good, report->len == 0);
    return config;
}

static inline void holds(const poa_buf *report, const char *text)
{
    if (!report->text || !strstr(report->text, text))
        fail_msg("no `%s' in:\n%s", text, report->text ? report->text : "(nothing)");
}

#define URL          "\"public_url\":\"https://poa.example\""
#define LISTENERS    "\"listeners\":[{\"address\":\"127.0.0.1:8080\"}]"
#define WITH(member) "{" URL "," LISTENERS "," member "}"
#define MINIMAL      "{" URL "," LISTENERS "}"

#endif
