#include "inside.h"

#include <stdio.h>

#define LINES_PER_SECOND 10
#define LINE_BYTES_MAX   256

/* May a line be written now? *withheld gets how many were not since the last one that was. */
static bool take_turn(http_server *server, unsigned *withheld)
{
    http_log *const log = &server->log;
    const int64_t second = http_now_us(server) / 1000000;
    pthread_mutex_lock(&log->lock);
    if (second != log->second) {
        log->second = second;
        log->written = 0;
    }
    const bool granted = log->written < LINES_PER_SECOND;
    *withheld = granted ? log->withheld : 0;
    log->withheld = granted ? 0 : log->withheld + 1;
    log->written += granted;
    pthread_mutex_unlock(&log->lock);
    return granted;
}

/* Parts of a request can stand in a line of libmicrohttpd's. */
static void make_printable(char *line)
{
    size_t len = 0;
    for (; line[len] != '\0'; len++) {
        if (line[len] < 0x20 || line[len] > 0x7e)
            line[len] = ' ';
    }
    while (len > 0 && line[len - 1] == ' ')
        line[--len] = '\0';
}

void http_log_daemon(void *arg, const char *format, va_list args)
{
    http_server *const server = arg;
    unsigned withheld = 0;
    if (!server->hooks.log || !take_turn(server, &withheld))
        return;

    char line[LINE_BYTES_MAX];
    if (withheld > 0) {
        (void)snprintf(line, sizeof line, "%u lines like the following were withheld", withheld);
        server->hooks.log(server->hooks.arg, line);
    }
    (void)vsnprintf(line, sizeof line, format, args);
    make_printable(line);
    server->hooks.log(server->hooks.arg, line);
}

void http_log_line(http_server *server, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    http_log_daemon(server, format, args);
    va_end(args);
}
