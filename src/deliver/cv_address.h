
/*
 * Copyright (C) The credverify authors
 *
 * Which addresses are of the Internet at large, so that who names an endpoint
 * cannot have us speak to what only we reach.  Pure.
 */

#ifndef CV_ADDRESS_H
#define CV_ADDRESS_H

#include "cv_base.h"

#include <sys/socket.h>

#define CV_ADDRESS_V4  4
#define CV_ADDRESS_V6  16

/*
 * What is special about an IPv4 or IPv6 address, by its length, in network
 * order: "loopback", "private", ...; NULL for one of the Internet.  By IANA's
 * registries of special-purpose addresses (RFC 6890), of which all are refused
 * but those that only name a service of the Internet; of IPv6 whatever is
 * outside 2000::/3 (RFC 4291).  An IPv4 address that is inside one of IPv6
 * (mapped, NAT64, 6to4, Teredo, ISATAP) counts as itself.
 */
const char *cv_address_special(const uint8_t *address, size_t len);

/* The same of a socket's; another family is "no Internet address". */
const char *cv_address_special_of(const struct sockaddr *address);

/* The same of an address's text; what is none is "no Internet address". */
const char *cv_address_special_text(const char *text);

#endif /* CV_ADDRESS_H */
