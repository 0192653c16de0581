#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "config.h"

#include <jansson.h>

/*
 * The scalars of the configuration: one table, from which file, flags, environment, help and documentation are made.
 */

/**
 * setting_kind - what a setting holds, and what its field in server_config is.
 * SETTING_PATH: const char *; a relative one of the file is put behind its folder
 * SETTING_URL: const char *, a base URL in normal form without its last slash
 * SETTING_SWITCH: bool
 * SETTING_SIZE: size_t; SETTING_U64: uint64_t; SETTING_COUNT: unsigned
 * SETTING_SECONDS: unsigned, kept in milliseconds
 */
typedef enum setting_kind {
    SETTING_PATH,
    SETTING_URL,
    SETTING_SWITCH,
    SETTING_SIZE,
    SETTING_U64,
    SETTING_COUNT,
    SETTING_SECONDS,
} setting_kind;

/**
 * setting - one scalar.
 * @pointer:  JSON pointer into the file: `/limits/links`. Its flag is --limits-links, its variable
 *            POA_AUTHZ_LIMITS_LINKS
 * @min, @max, @number: bounds and default of a number
 * @path:     default of a path, relative to the configuration file; NULL: none
 * @required: it has no default and must be given
 * @at:       offset of its field in server_config
 * @help:     what it does, for people: one sentence without its full stop
 */
typedef struct setting {
    const char *pointer;
    setting_kind kind;
    uint64_t min;
    uint64_t max;
    uint64_t number;
    const char *path;
    bool required;
    size_t at;
    const char *help;
} setting;

extern const setting settings[];
extern const size_t settings_len;

#define SETTING_VARIABLE_PREFIX "POA_AUTHZ_"

/** A setting's name in another spelling, NUL-terminated. */
typedef struct setting_name {
    char text[64];
} setting_name;

/** setting_flag() - `limits-links`, without the dashes before it. */
setting_name setting_flag(const setting *s);
/** setting_variable() - `POA_AUTHZ_LIMITS_LINKS`. */
setting_name setting_variable(const setting *s);
/** setting_expected() - what a value must be: `a whole number from 1 to 9`. */
void setting_expected(const setting *s, poa_buf *out);
/** setting_default() - its default, for people; `none` or `required` where it has none. */
void setting_default(const setting *s, poa_buf *out);

/** A value that was read; text is borrowed. */
typedef struct setting_value {
    uint64_t number; /* a switch: 0 or 1 */
    poa_span text;
} setting_value;

/** setting_from_json() - false when the value does not fit the setting. */
POA_MUST_USE bool setting_from_json(const setting *s, const json_t *json, setting_value *out);
/** setting_from_text() - the same for a flag or a variable. */
POA_MUST_USE bool setting_from_text(const setting *s, poa_span text, setting_value *out);

#endif
