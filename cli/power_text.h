#ifndef CLI_POWER_TEXT_H
#define CLI_POWER_TEXT_H

#include "buf.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * Members of powers (protocol section 5) and claims as text: for people, and as the options that would say the same.
 * Values may come from a token: all that is appended here is escaped.
 */

/* "mon-fri,07:00-17:00": what --hours reads, from a window of `hours`. */
void cli_window_text(poa_buf *b, const json_t *window);
/* "model=XY-1,serial=SN-1*" or "any": what --device reads, from a selector. */
void cli_selector_text(poa_buf *b, const json_t *selector);

/* A value of the member of that name, for people. NULL and null are "unlimited". */
void cli_value_show(poa_buf *b, const char *member, const json_t *value);

/*
 * The options that give a member this value: "--action onboard,read". Quoted for a shell where needed.
 * @member: name of the member of a power or of a claim
 *
 * False, and nothing appended, where no option says it.
 */
bool cli_value_options(poa_buf *b, const char *member, const json_t *value);

/* The last part of a JSON pointer: "/authorization_details/0/actions" gives "actions". */
const char *cli_pointer_last(const char *pointer);

#endif
