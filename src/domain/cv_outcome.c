
/*
 * Copyright (C) The credverify authors
 */

#include "cv_outcome.h"

#define CV_OUTCOME(name, status, word, title, detail)                         \
    { { (const uint8_t *) name, sizeof(name) - 1 }, status,                   \
      { (const uint8_t *) word, sizeof(word) - 1 },                           \
      { (const uint8_t *) title, sizeof(title) - 1 },                         \
      { (const uint8_t *) detail, sizeof(detail) - 1 } }


const cv_outcome_info_t  cv_outcomes[CV_OUTCOMES] = {

    [CV_VALID] = CV_OUTCOME("valid", 200,
        "Valid", "Valid",
        "The credential is genuine and in force."),

    [CV_REVOKED] = CV_OUTCOME("revoked", 200,
        "Revoked", "Revoked",
        "The issuer has revoked this credential."),

    [CV_TOKEN_EXPIRED] = CV_OUTCOME("token_expired", 200,
        "Link expired", "Link expired",
        "The link to this credential has expired."),

    [CV_REFUNDED] = CV_OUTCOME("refunded", 200,
        "Refunded", "Refunded",
        "The credential was refunded and is not in force."),

    [CV_EXPIRED] = CV_OUTCOME("expired", 200,
        "Expired", "Expired",
        "The credential was genuine and has expired."),

    [CV_PENDING] = CV_OUTCOME("pending", 200,
        "Pending", "Pending",
        "The credential is not yet in force."),

    [CV_NOT_FOUND] = CV_OUTCOME("not_found", 404,
        "Not found", "Credential not found",
        "No credential is known by that handle."),

    [CV_FOUND] = CV_OUTCOME("found", 200,
        "Found", "Found",
        "Here is what was asked for."),

    [CV_CREATED] = CV_OUTCOME("created", 201,
        "Created", "Created",
        "Here is what was made."),

    [CV_MISSING_HANDLE] = CV_OUTCOME("missing_handle", 400,
        "Incomplete", "No credential named",
        "Name one credential to verify."),

    [CV_AMBIGUOUS_HANDLE] = CV_OUTCOME("ambiguous_handle", 400,
        "Ambiguous", "Several credentials named",
        "Name exactly one credential to verify."),

    [CV_INVALID_FORMAT] = CV_OUTCOME("invalid_format", 400,
        "Unknown format", "Unknown format",
        "The answer does not come in the format asked for."),

    [CV_INVALID_THEME] = CV_OUTCOME("invalid_theme", 400,
        "Unknown theme", "Unknown theme",
        "The answer does not come in the theme asked for."),

    [CV_METHOD_NOT_ALLOWED] = CV_OUTCOME("method_not_allowed", 405,
        "Wrong method", "Method not allowed",
        "This is not answered to that method."),

    [CV_MISSING_VERSION] = CV_OUTCOME("missing_version", 400,
        "Version missing", "API version missing",
        "Say in a header which version of the API is meant."),

    [CV_INVALID_VERSION] = CV_OUTCOME("invalid_version", 400,
        "Wrong version", "API version invalid",
        "This is not answered to that version of the API."),

    [CV_UNSUPPORTED_MEDIA_TYPE] = CV_OUTCOME("unsupported_media_type", 415,
        "Wrong type", "Unsupported media type",
        "Send the body as application/json."),

    [CV_BODY_TOO_LARGE] = CV_OUTCOME("body_too_large", 413,
        "Too large", "Request body too large",
        "The body of the request is too long."),

    [CV_INVALID_BODY] = CV_OUTCOME("invalid_body", 400,
        "Invalid body", "Request body invalid",
        "The body of the request is not what is needed here."),

    [CV_TOO_MANY_HANDLES] = CV_OUTCOME("too_many_handles", 400,
        "Too many", "Too many credentials named",
        "Name fewer credentials in a request."),

    [CV_INVALID_LIMIT] = CV_OUTCOME("invalid_limit", 400,
        "Invalid limit", "Limit invalid",
        "The limit is not a number that is possible here."),

    [CV_INVALID_CURSOR] = CV_OUTCOME("invalid_cursor", 400,
        "Invalid cursor", "Cursor invalid",
        "The cursor is not one that leads on in this list."),

    [CV_INVALID_STATUS] = CV_OUTCOME("invalid_status", 409,
        "Wrong status", "Status does not allow it",
        "What was asked for is not done to a credential of that status."),

    [CV_MISSING_API_KEY] = CV_OUTCOME("missing_api_key", 401,
        "Key missing", "API key missing",
        "Send an API key with the request."),

    [CV_AMBIGUOUS_API_KEY] = CV_OUTCOME("ambiguous_api_key", 400,
        "Several keys", "Several API keys",
        "Send one API key with the request."),

    [CV_INVALID_API_KEY] = CV_OUTCOME("invalid_api_key", 401,
        "Key invalid", "API key invalid",
        "The API key is not one that is good here."),

    [CV_UNAPPROVED_API_KEY] = CV_OUTCOME("application_not_approved", 403,
        "Not approved", "Application not approved",
        "The application for this API key has not been approved."),

    [CV_SUSPENDED_API_KEY] = CV_OUTCOME("key_suspended", 403,
        "Key suspended", "API key suspended",
        "The API key is suspended."),

    [CV_ORIGIN_NOT_ALLOWED] = CV_OUTCOME("origin_not_allowed", 403,
        "Wrong site", "Origin not allowed",
        "The API key is not registered for the site that asks."),

    [CV_INSUFFICIENT_SCOPE] = CV_OUTCOME("insufficient_scope", 403,
        "Scope missing", "Scope missing",
        "The API key lacks the scope that is needed here."),

    [CV_PAYMENT_REQUIRED] = CV_OUTCOME("payment_required", 402,
        "Not included", "Feature not included",
        "The tier of the API key does not include this."),

    [CV_RATE_LIMITED] = CV_OUTCOME("rate_limited", 429,
        "Try later", "Too many requests",
        "More requests came than are allowed."),

    [CV_MONTHLY_LIMIT_REACHED] = CV_OUTCOME("monthly_limit_reached", 429,
        "Limit reached", "Monthly limit reached",
        "All calls that the month includes have been made."),

    [CV_STORE_UNAVAILABLE] = CV_OUTCOME("store_unavailable", 503,
        "Unavailable", "Verification unavailable",
        "Nothing can be said about the credential right now."),

    [CV_BUSY] = CV_OUTCOME("busy", 503,
        "Try again", "Busy",
        "Too much is being done already; try again."),

    [CV_SERVER_ERROR] = CV_OUTCOME("server_error", 500,
        "Error", "Internal error",
        "The answer could not be made."),

    [CV_INVALID_IDEMPOTENCY_KEY] = CV_OUTCOME("invalid_idempotency_key", 400,
        "Invalid key", "Idempotency key invalid",
        "Send one Idempotency-Key of 1 to 255 bytes, or none."),

    [CV_IDEMPOTENCY_KEY_REUSED] = CV_OUTCOME("idempotency_key_reused", 422,
        "Key reused", "Idempotency key reused",
        "Another request was sent with that Idempotency-Key."),

    [CV_REQUEST_IN_FLIGHT] = CV_OUTCOME("request_in_flight", 409,
        "In flight", "Request in flight",
        "A request with that Idempotency-Key is still being answered."),

    [CV_INSUFFICIENT_STORAGE] = CV_OUTCOME("insufficient_storage", 507,
        "No room", "Insufficient storage",
        "There is no room to store what was asked for; nothing was changed."),

    [CV_CONFLICT] = CV_OUTCOME("conflict", 409,
        "Taken", "Taken already",
        "What was given belongs to something else already."),

    [CV_CATEGORY_NOT_FOUND] = CV_OUTCOME("category_not_found", 404,
        "No category", "Category not found",
        "There is no such category, or it requires nothing."),
};


cv_outcome_t
cv_outcome_find(cv_str_t name)
{
    cv_outcome_t  i;

    for (i = 0; i < CV_OUTCOMES; i++) {
        if (cv_str_eq(cv_outcomes[i].name, name)) {
            break;
        }
    }

    return i;
}
