
/*
 * Copyright (C) The credverify authors
 */

#include "cv_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define CV_ADDRESS_NONE  "no Internet address"

/* where an address of IPv6 has one of IPv4; 0: nowhere, 0 is no place of one */

typedef struct {
    uint8_t      bytes[CV_ADDRESS_V6];
    unsigned     bits;
    const char  *special;       /* NULL: only what is inside decides */
    unsigned     inside[2];
    uint8_t      masked;        /* the last one is in its complement */
} cv_address_net_t;


/* the first that fits decides */

static const cv_address_net_t  cv_address_nets4[] = {
    { { 0 }, 8, "unspecified", { 0 }, 0 },
    { { 10 }, 8, "private", { 0 }, 0 },
    { { 100, 64 }, 10, "shared by a provider", { 0 }, 0 },
    { { 127 }, 8, "loopback", { 0 }, 0 },
    { { 169, 254 }, 16, "link-local", { 0 }, 0 },
    { { 172, 16 }, 12, "private", { 0 }, 0 },
    { { 192, 0, 0 }, 24, "reserved for protocols", { 0 }, 0 },
    { { 192, 0, 2 }, 24, "for documentation", { 0 }, 0 },
    { { 192, 88, 99 }, 24, "a 6to4 relay", { 0 }, 0 },
    { { 192, 168 }, 16, "private", { 0 }, 0 },
    { { 198, 18 }, 15, "for benchmarking", { 0 }, 0 },
    { { 198, 51, 100 }, 24, "for documentation", { 0 }, 0 },
    { { 203, 0, 113 }, 24, "for documentation", { 0 }, 0 },
    { { 224 }, 4, "multicast", { 0 }, 0 },
    { { 255, 255, 255, 255 }, 32, "broadcast", { 0 }, 0 },
    { { 240 }, 4, "reserved", { 0 }, 0 },
};

static const cv_address_net_t  cv_address_nets6[] = {
    { { 0 }, 128, "unspecified", { 0 }, 0 },
    { { [15] = 1 }, 128, "loopback", { 0 }, 0 },
    { { [10] = 0xff, 0xff }, 96, NULL, { 12 }, 0 },
    { { 0 }, 96, "reserved", { 0 }, 0 },
    { { 0, 0x64, 0xff, 0x9b }, 96, NULL, { 12 }, 0 },
    { { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, "of a local translator", { 0 }, 0 },
    { { 0xfc }, 7, "private", { 0 }, 0 },
    { { 0xfe, 0x80 }, 10, "link-local", { 0 }, 0 },
    { { 0xfe, 0xc0 }, 10, "site-local", { 0 }, 0 },
    { { 0xff }, 8, "multicast", { 0 }, 0 },
    { { 0x20, 0x01, 0, 0 }, 32, NULL, { 4, 12 }, 0xff },
    { { 0x20, 0x01, 0, 2, 0, 0 }, 48, "for benchmarking", { 0 }, 0 },
    { { 0x20, 0x01, 0 }, 23, "reserved for protocols", { 0 }, 0 },
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, "for documentation", { 0 }, 0 },
    { { 0x20, 0x02 }, 16, NULL, { 2 }, 0 },
    { { 0x3f, 0xff }, 20, "for documentation", { 0 }, 0 },
};


static bool
cv_address_in(const cv_address_net_t *net, const uint8_t *address)
{
    size_t   whole;
    uint8_t  mask;

    whole = net->bits / 8;
    mask = (uint8_t) (0xff00 >> net->bits % 8);

    return memcmp(net->bytes, address, whole) == 0
           && (mask == 0
               || ((net->bytes[whole] ^ address[whole]) & mask) == 0);
}


static const char *
cv_address_special4(const uint8_t *address)
{
    size_t  i;

    for (i = 0; i < CV_COUNT(cv_address_nets4); i++) {
        if (cv_address_in(&cv_address_nets4[i], address)) {
            return cv_address_nets4[i].special;
        }
    }

    return NULL;
}


/* what those of IPv4 are that are inside; Teredo has the last one masked */

static const char *
cv_address_inside(const cv_address_net_t *net, const uint8_t *address)
{
    size_t       i, at;
    uint8_t      inside[CV_ADDRESS_V4];
    unsigned     n;
    const char  *special;

    special = NULL;

    for (n = 0; special == NULL && n < CV_COUNT(net->inside); n++) {
        at = net->inside[n];

        if (at == 0) {
            break;
        }

        for (i = 0; i < CV_ADDRESS_V4; i++) {
            inside[i] = address[at + i] ^ (n > 0 ? net->masked : 0);
        }

        special = cv_address_special4(inside);
    }

    return special;
}


/* RFC 5214, section 6.1: the interface's half has an address of IPv4 */

static const char *
cv_address_isatap(const uint8_t *address)
{
    return (address[8] & 0xfc) == 0 && address[9] == 0 && address[10] == 0x5e
           && address[11] == 0xfe
           ? cv_address_special4(address + 12) : NULL;
}


static const char *
cv_address_special6(const uint8_t *address)
{
    size_t  i;

    for (i = 0; i < CV_COUNT(cv_address_nets6); i++) {
        if (cv_address_in(&cv_address_nets6[i], address)) {
            return cv_address_nets6[i].special != NULL
                   ? cv_address_nets6[i].special
                   : cv_address_inside(&cv_address_nets6[i], address);
        }
    }

    /* RFC 4291, section 2.4, with what IANA has given away of it */

    return address[0] >> 5 != 1 ? "reserved" : cv_address_isatap(address);
}


const char *
cv_address_special(const uint8_t *address, size_t len)
{
    return len == CV_ADDRESS_V4 ? cv_address_special4(address)
           : len == CV_ADDRESS_V6 ? cv_address_special6(address)
                                  : CV_ADDRESS_NONE;
}


const char *
cv_address_special_of(const struct sockaddr *address)
{
    struct sockaddr_in   in4;
    struct sockaddr_in6  in6;

    switch (address->sa_family) {

    case AF_INET:
        memcpy(&in4, address, sizeof(in4));
        return cv_address_special((const uint8_t *) &in4.sin_addr,
                                  CV_ADDRESS_V4);

    case AF_INET6:
        memcpy(&in6, address, sizeof(in6));
        return cv_address_special(in6.sin6_addr.s6_addr, CV_ADDRESS_V6);

    default:
        return CV_ADDRESS_NONE;
    }
}


const char *
cv_address_special_text(const char *text)
{
    uint8_t  address[CV_ADDRESS_V6];

    return inet_pton(AF_INET, text, address) == 1
           ? cv_address_special(address, CV_ADDRESS_V4)
           : inet_pton(AF_INET6, text, address) == 1
           ? cv_address_special(address, CV_ADDRESS_V6) : CV_ADDRESS_NONE;
}
