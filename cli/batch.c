#include "batch.h"

#include "cleanup.h"
#include "crypto.h"
#include "files.h"
#include "json.h"
#include "output.h"
#include "progress.h"
#include "simulated.h"
#include "span.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The most that a server takes at once (docs/http-api.md), and the most lines in a file of ours. */
enum { LINE_BYTES_MAX = 16384, CALL_LINES = 1000, FILE_BYTES_MAX = 1 << 30 };

/* One request of the file. */
typedef struct line {
    poa_span text; /* into the file */
    size_t number; /* from 1 */
    poa_id id;     /* SHA-256 of the text */
    bool done;     /* the results say that it is in */
} line;

typedef struct run {
    const cli *app;
    const cli_batch *batch;
    char *text;  /* owned: the file */
    line *lines; /* owned */
    size_t count;
    size_t todo;
    int results;  /* descriptor */
    size_t *sent; /* owned: places in lines of what the call at hand asks */
    size_t sent_count;
    size_t answered;
    int exit_code; /* of the first refusal */
    cli_progress progress;
} run;

static void clear(run *r)
{
    free(r->text);
    free(r->lines);
    free(r->sent);
    if (r->results >= 0)
        (void)close(r->results);
}

/* ---- what is asked ---- */

static int read_requests(run *r)
{
    size_t len = 0;
    const int failed = cli_file_read(r->batch->requests, FILE_BYTES_MAX, &r->text, &len);
    if (failed)
        return failed;
    size_t room = 0;
    poa_fields fields = poa_fields_of((poa_span){r->text, len}, '\n');
    poa_span text;
    for (size_t number = 1; poa_fields_next(&fields, &text); number++) {
        if (text.len == 0)
            continue;
        if (text.len > LINE_BYTES_MAX)
            return cli_usage("line %zu of %s has more than %d bytes, the most that a server takes", number,
                             r->batch->requests, LINE_BYTES_MAX);
        if (r->count == room) {
            room = room ? 2 * room : 64;
            line *more = realloc(r->lines, room * sizeof *more);
            if (!more)
                return cli_fault_of(POA_F_NOMEM);
            r->lines = more;
        }
        line *next = &r->lines[r->count++];
        *next = (line){.text = text, .number = number};
        const poa_err err = poa_sha256(r->app->ctx, text, &next->id);
        if (err)
            return cli_fault_of(err);
    }
    return r->count > 0 ? CLI_OK : cli_usage("%s holds no request", r->batch->requests);
}

static bool is_in(const json_t *answer)
{
    const json_int_t status = json_integer_value(json_object_get(answer, "status"));
    return status == 200 || status == 201;
}

/* An earlier run's results; a last line that was not written whole counts for nothing. */
static int read_results(run *r)
{
    POA_CLEANUP(poa_freep) char *text = NULL;
    size_t len = 0;
    r->todo = r->count;
    if (access(r->batch->results, F_OK) != 0)
        return CLI_OK;
    const int failed = cli_file_read(r->batch->results, FILE_BYTES_MAX, &text, &len);
    if (failed)
        return failed;
    poa_fields fields = poa_fields_of((poa_span){text, len}, '\n');
    poa_span field;
    while (poa_fields_next(&fields, &field)) {
        POA_CLEANUP(poa_json_decrefp) json_t *answer = NULL;
        poa_id id;
        if (field.len == 0 || poa_json_parse(field, &answer) != POA_OK || !is_in(answer) ||
            !poa_id_parse(poa_json_span(json_object_get(answer, "request")), &id))
            continue;
        for (size_t i = 0; i < r->count; i++) {
            if (r->lines[i].done || !poa_id_equal(&r->lines[i].id, &id))
                continue;
            r->lines[i].done = true;
            r->todo--;
        }
    }
    return CLI_OK;
}

static int open_results(run *r)
{
    r->results = open(r->batch->results, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (r->results < 0)
        return cli_usage("%s cannot be written: %s", r->batch->results, strerror(errno));
    /* A line that was cut off ends here, so that the next one is whole. */
    const int failed = lseek(r->results, 0, SEEK_END) == 0 ? 0 : poa_file_write_all(r->results, POA_SPAN("\n"));
    return failed ? cli_usage("%s cannot be written: %s", r->batch->results, strerror(failed)) : CLI_OK;
}

/* ---- what comes back ---- */

/* The simulated device that this one is keeps what the site gave. */
static int keep(run *r, const json_t *answer)
{
    const poa_span serial = poa_json_span(json_object_get(json_object_get(answer, "device"), "serial"));
    if (!r->batch->simulated || serial.len == 0 || memchr(serial.ptr, '/', serial.len))
        return CLI_OK;
    POA_CLEANUP(poa_buf_clear) poa_buf folder = {0};
    poa_buf_printf(&folder, "%s/", r->batch->simulated);
    poa_buf_add(&folder, serial);
    if (folder.failed)
        return cli_fault_of(POA_F_NOMEM);
    POA_CLEANUP(cli_simulated_clear) cli_simulated device = {0};
    const int failed = cli_simulated_load(r->app, folder.text, &device);
    return failed ? failed : cli_simulated_keep(r->app, &device, answer);
}

static void tell_refused(const run *r, const line *asked, const json_t *answer)
{
    POA_CLEANUP(poa_freep) char *code = cli_escaped(poa_json_span(json_object_get(answer, "code")));
    POA_CLEANUP(poa_freep) char *member = cli_escaped(poa_json_span(json_object_get(answer, "member")));
    POA_CLEANUP(poa_freep) char *detail = cli_escaped(poa_json_span(json_object_get(answer, "detail")));
    cli_progress_clear(&r->progress);
    cli_say("line %zu: %s %s %s", asked->number, *code ? code : "waits for an approval", member, detail);
}

static int exit_of(const json_t *answer)
{
    const char *code = json_string_value(json_object_get(answer, "code"));
    const poa_err_info *row = code ? poa_err_by_name(code) : NULL;
    return row && row->exit != 0 ? row->exit : poa_err_describe(POA_E_APPROVAL_REQUIRED)->exit;
}

/* One line of the answer: it is about the request of that number in this call. */
static int take_line(void *arg, poa_span text)
{
    run *r = arg;
    POA_CLEANUP(poa_json_decrefp) json_t *answer = NULL;
    const bool read = poa_json_parse(text, &answer) == POA_OK;
    const json_int_t number = json_integer_value(json_object_get(answer, "line"));
    if (!read || number < 1 || (size_t)number > r->sent_count) {
        (void)cli_usage("the server's reply holds a line that is no answer to the batch");
        return CLI_UNREACHABLE;
    }
    const line *asked = &r->lines[r->sent[number - 1]];
    r->answered++;
    (void)json_object_set_new(answer, "line", json_integer((json_int_t)asked->number));
    (void)json_object_set_new(answer, "request", json_string(poa_id_print(&asked->id).chars));
    POA_CLEANUP(poa_freep) char *kept = cli_json_compact(answer);
    POA_CLEANUP(poa_buf_clear) poa_buf whole = {0};
    poa_buf_printf(&whole, "%s\n", kept ? kept : "");
    if (!kept || whole.failed)
        return cli_fault_of(POA_F_NOMEM);
    const int failed = poa_file_write_all(r->results, poa_buf_span(&whole));
    if (failed)
        return cli_fault("%s cannot be written: %s", r->batch->results, strerror(failed));
    const bool in = is_in(answer);
    cli_progress_count(&r->progress, in);
    if (in)
        return keep(r, answer);
    tell_refused(r, asked, answer);
    r->exit_code = r->exit_code ? r->exit_code : exit_of(answer);
    return CLI_OK;
}

/* ---- asking ---- */

static int write_body(void *arg, const char *nonce, poa_buf *body)
{
    const run *r = arg;
    (void)nonce;
    for (size_t i = 0; i < r->sent_count; i++) {
        poa_buf_add(body, r->lines[r->sent[i]].text);
        poa_buf_text(body, "\n");
    }
    return CLI_OK;
}

static int call(run *r)
{
    POA_CLEANUP(cli_reply_clear) cli_reply reply = {0};
    r->answered = 0;
    const cli_query query = {.method = "POST",
                             .path = "/v1/onboardings:batch",
                             .change = true,
                             .body = write_body,
                             .content_type = "application/x-ndjson",
                             .line = take_line,
                             .arg = r};
    const int failed = cli_agent_ask(r->app, r->batch->agent, &query, &reply);
    if (failed)
        return failed;
    if (reply.status != 200)
        return cli_reply_refused(&reply);
    if (r->answered == r->sent_count)
        return CLI_OK;
    (void)cli_usage("the server answered %zu of %zu lines", r->answered, r->sent_count);
    cli_hint("the same command goes on with those that were not answered");
    return CLI_UNREACHABLE;
}

static int call_all(run *r)
{
    for (size_t at = 0; at < r->count;) {
        for (r->sent_count = 0; at < r->count && r->sent_count < CALL_LINES; at++)
            if (!r->lines[at].done)
                r->sent[r->sent_count++] = at;
        const int failed = r->sent_count > 0 ? call(r) : CLI_OK;
        if (failed)
            return failed;
    }
    return r->exit_code;
}

int cli_batch_run(const cli *app, const cli_batch *batch)
{
    POA_CLEANUP(clear) run r = {.app = app, .batch = batch, .results = -1};
    int failed = read_requests(&r);
    if (!failed)
        failed = read_results(&r);
    if (!failed)
        failed = open_results(&r);
    if (failed)
        return failed;
    if (r.todo < r.count)
        cli_say("%zu of %zu are in already", r.count - r.todo, r.count);
    r.sent = calloc(CALL_LINES, sizeof *r.sent);
    if (!r.sent)
        return cli_fault_of(POA_F_NOMEM);
    cli_progress_begin(&r.progress, r.todo);
    failed = call_all(&r);
    cli_progress_end(&r.progress);
    return failed;
}
