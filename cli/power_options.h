#ifndef CLI_POWER_OPTIONS_H
#define CLI_POWER_OPTIONS_H

#include "options.h"

#include <jansson.h>

/*
 * Powers as people type them: one power by an option for each member (protocol section 5), or any number of them in
 * JSON files. Little is checked here: what a verifier would refuse, the library refuses at minting, with its reason.
 */
typedef struct cli_power_options {
    cli_texts files;  /* --power */
    const char *type; /* NULL: not said */
    cli_texts actions;
    cli_texts locations;
    json_t *devices;     /* selectors; owned, NULL: none */
    int64_t max_devices; /* -1: not said; likewise the next one */
    cli_texts evidence;
    int64_t credential_lifetime_s;
    const char *effect;
    const char *on_revoke;
    json_t *hours; /* windows; owned, NULL: none */
    cli_texts networks;
    cli_texts resources;
} cli_power_options;

extern const struct argp cli_power_argp;

void cli_power_options_clear(cli_power_options *options);

/* Was any member of a power said by an option? */
bool cli_power_options_said(const cli_power_options *options);

/* The powers that files and options say, as authorization_details; the caller owns the array. */
int cli_powers_say(const cli_power_options *options, json_t **powers);

/*
 * The powers of a sub-grant: those of the parent, where each member that an option names has the option's value. With
 * --type only powers of that type. A power of the parent into which the values do not fit is left out, unless none is
 * left then: so the library can say why. With --power: what the files say, nothing else.
 */
int cli_powers_narrow(const cli_power_options *options, const json_t *parent, json_t **powers);

/* "manufacturer=Acme,serial=SN-1*" as an object of its members; "\," stands for a comma in a value. "any" is
 * {"any":true}. NULL when it is none, or without memory. */
json_t *cli_selector_parse(const char *text);

/* "mon-fri,07:00-17:00" or "daily,..." as a window of `hours`; NULL when it is none. */
json_t *cli_window_parse(const char *text);

#endif
