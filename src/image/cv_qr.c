
/*
 * Copyright (C) The credverify authors
 */

#include "cv_qr.h"

#include <qrencode.h>


/* bytes that a version holds, from 1 on, at level M (ISO/IEC 18004, table 7) */

static const uint16_t  cv_qr_capacity[] = {
    14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450,
    504, 560, 624, 666, 711, 779, 857, 911, CV_QR_TEXT_MAX
};


/* 0 if none does */

static int
cv_qr_version(cv_str_t text)
{
    size_t  i;

    if (text.len == 0 || text.len > CV_QR_TEXT_MAX) {
        return 0;
    }

    for (i = 0; text.len > cv_qr_capacity[i]; i++) { /* void */ }

    return (int) i + 1;
}


unsigned
cv_qr_size(cv_str_t text)
{
    int  version;

    version = cv_qr_version(text);

    return version == 0 ? 0 : 17 + 4 * (unsigned) version + 2 * CV_QR_QUIET;
}


static void
cv_qr_append_run(cv_buf_t *out, int x, int y, int n)
{
    cv_buf_append_byte(out, 'M');
    cv_buf_append_int(out, x + CV_QR_QUIET);
    cv_buf_append_byte(out, ' ');
    cv_buf_append_int(out, y + CV_QR_QUIET);
    cv_buf_append_byte(out, 'h');
    cv_buf_append_int(out, n);
    cv_buf_append_str(out, CV_STR("v1h-"));
    cv_buf_append_int(out, n);
    cv_buf_append_byte(out, 'z');
}


cv_err_t
cv_qr_path(cv_buf_t *out, cv_str_t text)
{
    int                   x, y, start, version;
    QRcode               *code;
    const unsigned char  *row;

    version = cv_qr_version(text);

    if (version == 0) {
        return CV_ERR_INPUT;
    }

    code = QRcode_encodeData((int) text.len, text.data, version,
                             QR_ECLEVEL_M);
    if (code == NULL) {
        return CV_ERR_NOMEM;
    }

    for (y = 0; y < code->width; y++) {
        row = code->data + y * code->width;

        for (x = 0; x < code->width; x++) {

            if (!(row[x] & 1)) {
                continue;
            }

            for (start = x; x < code->width && row[x] & 1; x++) { /* void */ }

            cv_qr_append_run(out, start, y, x - start);
        }
    }

    QRcode_free(code);

    return out->err;
}
