
/*
 * Copyright (C) The credverify authors
 */

#include "cv_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

typedef struct {
    const char  *address;
    const char  *special;       /* NULL: it is of the Internet */
} address_t;

#define UNSPECIFIED    "unspecified"
#define LOOPBACK       "loopback"
#define PRIVATE        "private"
#define PROVIDER       "shared by a provider"
#define LINK           "link-local"
#define SITE           "site-local"
#define PROTOCOLS      "reserved for protocols"
#define DOCUMENTATION  "for documentation"
#define BENCHMARKING   "for benchmarking"
#define RELAY          "a 6to4 relay"
#define MULTICAST      "multicast"
#define RESERVED       "reserved"
#define BROADCAST      "broadcast"
#define TRANSLATOR     "of a local translator"
#define NONE           "no Internet address"

/* the first and the last of each net, and what is beside them */

static const address_t  addresses[] = {
    { "0.0.0.0", UNSPECIFIED },
    { "0.255.255.255", UNSPECIFIED },
    { "1.0.0.0", NULL },
    { "9.255.255.255", NULL },
    { "10.0.0.0", PRIVATE },
    { "10.255.255.255", PRIVATE },
    { "11.0.0.0", NULL },
    { "100.63.255.255", NULL },
    { "100.64.0.0", PROVIDER },
    { "100.127.255.255", PROVIDER },
    { "100.128.0.0", NULL },
    { "126.255.255.255", NULL },
    { "127.0.0.0", LOOPBACK },
    { "127.0.0.1", LOOPBACK },
    { "127.255.255.255", LOOPBACK },
    { "128.0.0.0", NULL },
    { "169.253.255.255", NULL },
    { "169.254.0.0", LINK },
    { "169.254.169.254", LINK },        /* where clouds keep credentials */
    { "169.254.255.255", LINK },
    { "169.255.0.0", NULL },
    { "172.15.255.255", NULL },
    { "172.16.0.0", PRIVATE },
    { "172.31.255.255", PRIVATE },
    { "172.32.0.0", NULL },
    { "191.255.255.255", NULL },
    { "192.0.0.0", PROTOCOLS },
    { "192.0.0.255", PROTOCOLS },
    { "192.0.1.255", NULL },
    { "192.0.2.0", DOCUMENTATION },
    { "192.0.2.255", DOCUMENTATION },
    { "192.0.3.0", NULL },
    { "192.88.98.255", NULL },
    { "192.88.99.0", RELAY },
    { "192.88.99.255", RELAY },
    { "192.88.100.0", NULL },
    { "192.167.255.255", NULL },
    { "192.168.0.0", PRIVATE },
    { "192.168.255.255", PRIVATE },
    { "192.169.0.0", NULL },
    { "198.17.255.255", NULL },
    { "198.18.0.0", BENCHMARKING },
    { "198.19.255.255", BENCHMARKING },
    { "198.20.0.0", NULL },
    { "198.51.99.255", NULL },
    { "198.51.100.0", DOCUMENTATION },
    { "198.51.100.255", DOCUMENTATION },
    { "198.51.101.0", NULL },
    { "203.0.112.255", NULL },
    { "203.0.113.0", DOCUMENTATION },
    { "203.0.113.255", DOCUMENTATION },
    { "203.0.114.0", NULL },
    { "223.255.255.255", NULL },
    { "224.0.0.0", MULTICAST },
    { "239.255.255.255", MULTICAST },
    { "240.0.0.0", RESERVED },
    { "255.255.255.254", RESERVED },
    { "255.255.255.255", BROADCAST },
    { "8.8.8.8", NULL },

    { "::", UNSPECIFIED },
    { "::1", LOOPBACK },
    { "::2", RESERVED },
    { "::7f00:1", RESERVED },           /* once "compatible" with IPv4 */
    { "::8.8.8.8", RESERVED },
    { "::fffe:8.8.8.8", RESERVED },
    { "::1:0:0:0", RESERVED },

    /* RFC 4291, section 2.5.5.2: mapped */
    { "::ffff:127.0.0.1", LOOPBACK },
    { "::ffff:10.0.0.1", PRIVATE },
    { "::ffff:169.254.169.254", LINK },
    { "::ffff:0.0.0.0", UNSPECIFIED },
    { "::ffff:255.255.255.255", BROADCAST },
    { "::ffff:8.8.8.8", NULL },
    { "::ffff:0:127.0.0.1", RESERVED },

    /* RFC 6052 and 8215: NAT64 */
    { "64:ff9b::127.0.0.1", LOOPBACK },
    { "64:ff9b::192.168.1.1", PRIVATE },
    { "64:ff9b::8.8.8.8", NULL },
    { "64:ff9b:0:0:0:1:808:808", RESERVED },
    { "64:ff9b:1::", TRANSLATOR },
    { "64:ff9b:1::8.8.8.8", TRANSLATOR },
    { "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", TRANSLATOR },
    { "64:ff9b:2::", RESERVED },

    { "100::", RESERVED },              /* RFC 6666: discarded */
    { "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", RESERVED },

    /* RFC 4380: Teredo, of a server and with a client in its complement */
    { "2001::", UNSPECIFIED },
    { "2001:0:808:808:0:0:f7f7:f7f7", NULL },
    { "2001:0:808:808:0:0:80ff:fffe", LOOPBACK },
    { "2001:0:808:808:0:0:3f57:fefe", PRIVATE },
    { "2001:0:7f00:1:0:0:f7f7:f7f7", LOOPBACK },
    { "2001:0:808:808:0:0:7f00:1", NULL },      /* is 128.255.255.254 */

    { "2001:1::1", PROTOCOLS },
    { "2001:2::", BENCHMARKING },
    { "2001:2:0:ffff:ffff:ffff:ffff:ffff", BENCHMARKING },
    { "2001:2:1::", PROTOCOLS },
    { "2001:10::", PROTOCOLS },
    { "2001:20::", PROTOCOLS },
    { "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", PROTOCOLS },
    { "2001:200::", NULL },
    { "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
    { "2001:db8::", DOCUMENTATION },
    { "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", DOCUMENTATION },
    { "2001:db9::", NULL },

    /* RFC 3056: 6to4 */
    { "2002::", UNSPECIFIED },
    { "2002:7f00:1::1", LOOPBACK },
    { "2002:a00:1::1", PRIVATE },
    { "2002:c0a8:101::1", PRIVATE },
    { "2002:a9fe:a9fe::", LINK },
    { "2002:808:808::1", NULL },
    { "2003::", NULL },

    /* RFC 5214: ISATAP */
    { "2a00:1450::5efe:10.0.0.1", PRIVATE },
    { "2a00:1450::200:5efe:127.0.0.1", LOOPBACK },
    { "2a00:1450::300:5efe:127.0.0.1", LOOPBACK },
    { "2a00:1450::5efe:8.8.8.8", NULL },
    { "2a00:1450::5efd:10.0.0.1", NULL },

    { "2606:4700:4700::1111", NULL },
    { "2a00:1450:4001:80b::200e", NULL },
    { "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
    { "3fff::", DOCUMENTATION },
    { "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", DOCUMENTATION },
    { "3fff:1000::", NULL },
    { "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
    { "4000::", RESERVED },
    { "5f00::1", RESERVED },            /* RFC 9602 */
    { "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", RESERVED },
    { "fc00::", PRIVATE },
    { "fd12:3456:789a::1", PRIVATE },
    { "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PRIVATE },
    { "fe00::", RESERVED },
    { "fe80::", LINK },
    { "fe80::1", LINK },
    { "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LINK },
    { "fec0::", SITE },
    { "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SITE },
    { "ff00::", MULTICAST },
    { "ff02::1", MULTICAST },
    { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", MULTICAST },

    { "", NONE },
    { "localhost", NONE },
    { "fe80::1%lo", NONE },
    { "127.1", NONE },
    { "0x7f000001", NONE },
};


static bool
same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}


static void
test_addresses(void **state)
{
    size_t                i;
    const char           *text, *special;
    struct sockaddr_in    in4;
    struct sockaddr_in6   in6;

    (void) state;

    for (i = 0; i < CV_COUNT(addresses); i++) {
        text = addresses[i].address;
        special = cv_address_special_text(text);

        if (!same(special, addresses[i].special)) {
            fail_msg("%s is %s", text, special == NULL ? "let" : special);
        }

        memset(&in4, 0, sizeof(in4));
        memset(&in6, 0, sizeof(in6));
        in4.sin_family = AF_INET;
        in6.sin6_family = AF_INET6;

        special = inet_pton(AF_INET, text, &in4.sin_addr) == 1
                  ? cv_address_special_of((struct sockaddr *) &in4)
                  : inet_pton(AF_INET6, text, &in6.sin6_addr) == 1
                  ? cv_address_special_of((struct sockaddr *) &in6) : NONE;

        assert_true(same(special, addresses[i].special));
    }
}


/* Every address of IPv4 by a rule that is written in another way. */

static bool
is_public(uint32_t a)
{
    return a >= 0x01000000 && a < 0xe0000000
           && a >> 24 != 10 && a >> 24 != 127
           && (a & 0xffc00000) != 0x64400000
           && a >> 16 != 0xa9fe && a >> 16 != 0xc0a8
           && (a & 0xfff00000) != 0xac100000
           && (a & 0xfffe0000) != 0xc6120000
           && a >> 8 != 0xc00000 && a >> 8 != 0xc00002 && a >> 8 != 0xc05863
           && a >> 8 != 0xc63364 && a >> 8 != 0xcb0071;
}


static void
test_all_of_ipv4(void **state)
{
    uint32_t  net, a;
    uint8_t   bytes[CV_ADDRESS_V4], mapped[CV_ADDRESS_V6];

    (void) state;

    memset(mapped, 0, sizeof(mapped));
    mapped[10] = mapped[11] = 0xff;

    for (net = 0; net < 1 << 24; net++) {
        a = net << 8 | (net * 2654435761U) >> 24;

        bytes[0] = mapped[12] = (uint8_t) (a >> 24);
        bytes[1] = mapped[13] = (uint8_t) (a >> 16);
        bytes[2] = mapped[14] = (uint8_t) (a >> 8);
        bytes[3] = mapped[15] = (uint8_t) a;

        if ((cv_address_special(bytes, sizeof(bytes)) == NULL) != is_public(a)
            || (cv_address_special(mapped, sizeof(mapped)) == NULL)
               != is_public(a))
        {
            fail_msg("%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
        }
    }
}


static void
test_others(void **state)
{
    struct sockaddr  address;
    static uint8_t   bytes[32];

    (void) state;

    memset(&address, 0, sizeof(address));
    address.sa_family = AF_UNIX;

    assert_string_equal(cv_address_special_of(&address), NONE);
    assert_string_equal(cv_address_special(bytes, 0), NONE);
    assert_string_equal(cv_address_special(bytes, 5), NONE);
    assert_string_equal(cv_address_special(bytes, 32), NONE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_all_of_ipv4),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
