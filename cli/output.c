#include "output.h"

#include "cleanup.h"
#include "cli.h"
#include "json.h"
#include "span.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set once by cli_output_init(), before anything is printed. */
static struct {
    bool colour_out;
    bool colour_err;
    bool unicode;
} look;

void cli_output_init(void)
{
    (void)setlocale(LC_CTYPE, "");
    look.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

    const char *no_colour = getenv("NO_COLOR"); /* https://no-color.org: any value that is not empty */
    const char *term = getenv("TERM");
    const bool wanted = (!no_colour || no_colour[0] == '\0') && term && strcmp(term, "dumb") != 0;
    look.colour_out = wanted && isatty(STDOUT_FILENO);
    look.colour_err = wanted && isatty(STDERR_FILENO);
}

bool cli_unicode(void)
{
    return look.unicode;
}

const char *cli_paint(const FILE *stream, enum cli_style style)
{
    if (stream == stdout ? !look.colour_out : !look.colour_err)
        return "";
    switch (style) {
    case CLI_PLAIN:
        return "\033[0m";
    case CLI_GOOD:
        return "\033[32m";
    case CLI_BAD:
        return "\033[31m";
    case CLI_DOUBT:
        return "\033[33m";
    case CLI_DIM:
        return "\033[2m";
    case CLI_BOLD:
        return "\033[1m";
    }
    return "";
}

__attribute__((format(printf, 3, 0))) static void line(enum cli_style style, const char *label, const char *format,
                                                       va_list args)
{
    (void)fflush(stdout); /* so that the two streams do not overtake each other on a terminal */
    flockfile(stderr);    /* a line is one, also among threads */
    fprintf(stderr, "%spoa:%s %s", cli_paint(stderr, style), cli_paint(stderr, CLI_PLAIN), label);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void cli_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(CLI_PLAIN, "", format, args);
    va_end(args);
}

void cli_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(CLI_DOUBT, "warning: ", format, args);
    va_end(args);
}

void cli_hint(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(CLI_DIM, "hint: ", format, args);
    va_end(args);
}

int cli_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(CLI_BAD, "", format, args);
    va_end(args);
    return CLI_USAGE;
}

int cli_fault(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(CLI_BAD, "", format, args);
    va_end(args);
    return CLI_FAULT;
}

int cli_fault_of(poa_err err)
{
    const poa_err_info *row = poa_err_describe(err);
    (void)cli_fault("%s: %s; nothing is known", row->name, row->condition);
    return row->exit;
}

/* Characters outside ASCII that act on a terminal, reorder its text or cannot be seen there. */
static bool is_active(uint32_t c)
{
    static const struct {
        uint32_t from;
        uint32_t to;
    } ranges[] = {
        {0x80, 0x9f},       /* C1 controls: 0x9b is a CSI */
        {0xad, 0xad},       /* soft hyphen */
        {0x34f, 0x34f},     /* combining grapheme joiner */
        {0x61c, 0x61c},     /* Arabic letter mark */
        {0x115f, 0x1160},   /* Hangul fillers */
        {0x180e, 0x180e},   /* Mongolian vowel separator */
        {0x200b, 0x200f},   /* zero width, left-to-right and right-to-left marks */
        {0x2028, 0x202e},   /* line and paragraph separators, embeddings and overrides */
        {0x2060, 0x206f},   /* word joiner, isolates, deprecated formats */
        {0x3164, 0x3164},   /* Hangul filler */
        {0xfe00, 0xfe0f},   /* variation selectors */
        {0xfeff, 0xfeff},   /* byte order mark */
        {0xffa0, 0xffa0},   /* half-width Hangul filler */
        {0xfff0, 0xffff},   /* interlinear annotation, replacement, no characters */
        {0xe000, 0xf8ff},   /* private use: looks like anything */
        {0xe0000, 0x10ffff} /* tags, variation selectors, private use */
    };
    for (size_t i = 0; i < POA_COUNT(ranges); i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    return false;
}

/* Bytes of the UTF-8 character that begins text, 0 when it is none. */
static size_t take_char(poa_span text, uint32_t *c)
{
    for (size_t len = 1; len <= 4 && len <= text.len; len++) {
        if (!poa_span_is_utf8(poa_span_head(text, len)))
            continue;
        static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
        *c = (unsigned char)text.ptr[0] & masks[len];
        for (size_t i = 1; i < len; i++)
            *c = *c << 6 | ((unsigned char)text.ptr[i] & 0x3f);
        return len;
    }
    return 0;
}

void cli_escape(poa_buf *b, poa_span text)
{
    while (text.len > 0) {
        uint32_t c = 0;
        const size_t len = take_char(text, &c);
        if (len == 0)
            poa_buf_printf(b, "\\x{%02x}", (unsigned char)text.ptr[0]);
        else if (c < 0x20 || c == 0x7f || c == '\\' || is_active(c))
            poa_buf_printf(b, "\\u{%x}", c);
        else
            poa_buf_add(b, poa_span_head(text, len));
        text = poa_span_skip(text, len == 0 ? 1 : len);
    }
}

char *cli_escaped(poa_span text)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "");
    cli_escape(&b, text);
    char *taken = poa_buf_take(&b);
    if (!taken)
        exit(cli_fault_of(POA_F_NOMEM));
    return taken;
}

void cli_escape_json(poa_buf *b, const json_t *value)
{
    POA_CLEANUP(poa_freep) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (!text) {
        b->failed = true;
        return;
    }
    /* jansson leaves DEL as it is; it can only stand inside a string. */
    for (const char *c = text; *c != '\0'; c++)
        poa_buf_printf(b, *c == 0x7f ? "\\u007f" : "%c", *c);
}

int cli_print(const poa_buf *b)
{
    if (b->failed)
        return cli_fault_of(POA_F_NOMEM);
    if (b->len > 0 && (fwrite(b->text, 1, b->len, stdout) != b->len || fflush(stdout) != 0))
        return cli_fault("cannot write to standard output: %s", strerror(errno));
    return CLI_OK;
}

int cli_print_json(const json_t *value)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    if (!value)
        return cli_fault_of(POA_F_NOMEM);
    cli_escape_json(&b, value);
    poa_buf_text(&b, "\n");
    return cli_print(&b);
}

json_t *cli_json_text(poa_span text)
{
    return text.ptr ? json_stringn(text.ptr, text.len) : json_null();
}

json_t *cli_json_value(poa_span text)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, "{\"value\":");
    poa_buf_add(&b, text);
    poa_buf_text(&b, "}");
    POA_CLEANUP(poa_json_decrefp) json_t *holder = NULL;
    if (b.failed || poa_json_parse(poa_buf_span(&b), &holder) != POA_OK)
        return NULL;
    /* A text that closes the holder early has made it larger. */
    return json_object_size(holder) == 1 ? json_incref(json_object_get(holder, "value")) : NULL;
}

char *cli_json_compact(const json_t *value)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_json(&b, value);
    return poa_buf_take(&b);
}
