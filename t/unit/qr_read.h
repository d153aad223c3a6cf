
/*
 * Copyright (C) The credverify authors
 *
 * A QR code in a picture as zbar, which is not what makes them, reads it.
 */

#ifndef QR_READ_H
#define QR_READ_H

#include "cv_base.h"

#include <zbar.h>


/* The length of the only code's bytes, copied to "out"; 0 if there is none. */

static inline size_t
qr_read(uint8_t *out, size_t max, const uint8_t *grey, unsigned side)
{
    size_t                 len;
    zbar_image_t          *image;
    const zbar_symbol_t   *symbol;
    zbar_image_scanner_t  *scanner;

    scanner = zbar_image_scanner_create();
    zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);

    image = zbar_image_create();
    zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(image, side, side);
    zbar_image_set_data(image, grey, (size_t) side * side, NULL);

    len = 0;

    if (zbar_scan_image(scanner, image) == 1) {
        symbol = zbar_image_first_symbol(image);
        len = zbar_symbol_get_data_length(symbol);

        if (len > max) {
            len = 0;
        }

        memcpy(out, zbar_symbol_get_data(symbol), len);
    }

    zbar_image_destroy(image);
    zbar_image_scanner_destroy(scanner);

    return len;
}

#endif /* QR_READ_H */
