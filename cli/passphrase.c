#include "keys.h"

#include "cleanup.h"
#include "files.h"
#include "output.h"
#include "passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* The signal that came while the terminal was silent; 0: none. */
static volatile sig_atomic_t caught;

static void note_signal(int signal_number)
{
    caught = signal_number;
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

/* Signals that end or stop the program wait until the terminal is loud again; only ppoll() lets them in. */
typedef struct hush {
    struct sigaction before[POA_COUNT(ending)];
    sigset_t open;
} hush;

static void hold_signals(hush *h)
{
    const struct sigaction noting = {.sa_handler = note_signal};
    sigset_t held;
    (void)sigemptyset(&held);
    caught = 0;
    for (size_t i = 0; i < POA_COUNT(ending); i++) {
        (void)sigaddset(&held, ending[i]);
        (void)sigaction(ending[i], &noting, &h->before[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &held, &h->open);
}

static void release_signals(const hush *h)
{
    for (size_t i = 0; i < POA_COUNT(ending); i++)
        (void)sigaction(ending[i], &h->before[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &h->open, NULL);
    if (caught)
        (void)raise((int)caught);
}

/* One line from the terminal; false when a signal or the end comes before it. */
static bool read_line(int tty, const hush *h, char *line, size_t cap, size_t *len)
{
    struct pollfd ready = {.fd = tty, .events = POLLIN};
    *len = 0;
    while (*len < cap) {
        if (ppoll(&ready, 1, NULL, &h->open) != 1 || read(tty, line + *len, 1) != 1)
            return false;
        if (line[*len] == '\n')
            return true;
        (*len)++;
    }
    return false;
}

static bool say_on(int tty, const char *text)
{
    return write(tty, text, strlen(text)) == (ssize_t)strlen(text);
}

/* TCSAFLUSH drops what was typed ahead, so that it is neither shown nor taken for the passphrase. */
static bool ask_silently(int tty, const char *prompt, char *line, size_t cap, size_t *len)
{
    struct termios loud;
    if (tcgetattr(tty, &loud) != 0)
        return false;
    struct termios silent = loud;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ICANON | ISIG;
    hush h;
    hold_signals(&h);
    const bool read =
        tcsetattr(tty, TCSAFLUSH, &silent) == 0 && say_on(tty, prompt) && read_line(tty, &h, line, cap, len);
    (void)tcsetattr(tty, TCSAFLUSH, &loud);
    (void)say_on(tty, "\n");
    release_signals(&h);
    return read;
}

static int ask(int tty, const char *prompt, poa_secret *out)
{
    POA_CLEANUP(poa_secret_clear)
    poa_secret secret = {.text = calloc(1, CLI_PASSPHRASE_BYTES_MAX + 1), .len = CLI_PASSPHRASE_BYTES_MAX};
    if (!secret.text)
        return cli_fault_of(POA_F_NOMEM);
    size_t len = 0;
    if (!ask_silently(tty, prompt, secret.text, CLI_PASSPHRASE_BYTES_MAX, &len) || len == 0)
        return cli_usage("no passphrase was given");
    secret.text[len] = '\0';
    secret.len = len;
    *out = secret;
    secret = (poa_secret){0};
    return CLI_OK;
}

static int ask_terminal(const char *prompt, bool twice, poa_secret *out)
{
    const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        (void)cli_usage("the key wants a passphrase and there is no terminal to ask on");
        cli_hint("give it with --passphrase-file FILE or --passphrase-fd N");
        return CLI_USAGE;
    }
    POA_CLEANUP(poa_secret_clear) poa_secret again = {0};
    int failed = ask(tty, prompt, out);
    if (!failed && twice) {
        failed = ask(tty, "The same again: ", &again);
        if (!failed && (again.len != out->len || memcmp(again.text, out->text, out->len) != 0))
            failed = cli_usage("the two passphrases differ");
        if (failed)
            poa_secret_clear(out);
    }
    (void)close(tty);
    return failed;
}

/* From where the options say. */
static int from_source(const cli_passphrase *source, poa_secret *out)
{
    if (!source->file)
        return cli_secret_from_descriptor(source->descriptor, "the passphrase descriptor", out);
    const int fd = open(source->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return cli_usage("cannot read %s: %s", source->file, strerror(errno));
    const int failed = cli_secret_from_descriptor(fd, source->file, out);
    (void)close(fd);
    return failed;
}

int cli_passphrase_for_use(const cli_passphrase *source, poa_secret *out)
{
    if (source->file || source->descriptor >= 0)
        return from_source(source, out);
    return ask_terminal("Passphrase of the key: ", false, out);
}

int cli_passphrase_for_new(const cli_passphrase *source, bool ask_for_it, poa_secret *out)
{
    *out = (poa_secret){0};
    if (source->file || source->descriptor >= 0)
        return from_source(source, out);
    return ask_for_it ? ask_terminal("Passphrase for the new key: ", true, out) : CLI_OK;
}
