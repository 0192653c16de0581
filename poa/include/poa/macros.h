#ifndef POA_MACROS_H
#define POA_MACROS_H

/** The caller must look at the result: an ignored error is a hole. */
#define POA_MUST_USE __attribute__((warn_unused_result))

/** Part of the library's public, versioned interface. */
#define POA_API __attribute__((visibility("default")))

#endif
