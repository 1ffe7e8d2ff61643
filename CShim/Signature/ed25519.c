// Checking Ed25519ph signatures (RFC 8032, section 5.1). The curve's points are kept in extended coordinates (Hisil,
// Wong, Carter and Dawson 2008, section 3.1): x = X/Z, y = Y/Z, xy = T/Z.
#include "CSignature.h"
#include "field.h"

typedef struct {
    field x, y, z, t;
} point;

// d and 2d of the curve −x² + y² = 1 + d·x²·y², the square root of −1, the base point, and the order of its group.
static const field curve_d = {
    {0x135978a3, 0x75eb4dca, 0x4141d8ab, 0x00700a4d, 0x7779e898, 0x8cc74079, 0x2b6ffe73, 0x52036cee}};
static const field curve_2d = {
    {0x26b2f159, 0xebd69b94, 0x8283b156, 0x00e0149a, 0xeef3d130, 0x198e80f2, 0x56dffce7, 0x2406d9dc}};
static const field root_of_minus_one = {
    {0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478, 0x2f431806, 0x3dfbd7a7, 0x2b4d0099, 0x4fc1df0b, 0x2b832480}};
static const point base_point = {
    {{0x8f25d51a, 0xc9562d60, 0x9525a7b2, 0x692cc760, 0xfdd6dc5c, 0xc0a4e231, 0xcd6e53fe, 0x216936d3}},
    {{0x66666658, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666}},
    {{1}},
    {{0xa5b7dda3, 0x6dde8ab3, 0x775152f5, 0x20f09f80, 0x64abe37d, 0x66ea4e8e, 0xd78b7665, 0x67875f0f}}};
static const uint32_t group_order[8] = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0, 0x10000000};

// The complete addition for a = −1 (section 3.1 there; RFC 8032, section 5.1.4), right for equal points, too.
static point point_sum(const point *a, const point *b) {
    const field lower_a = field_difference(&a->y, &a->x), lower_b = field_difference(&b->y, &b->x);
    const field upper_a = field_sum(&a->y, &a->x), upper_b = field_sum(&b->y, &b->x);
    const field first = field_product(&lower_a, &lower_b), second = field_product(&upper_a, &upper_b);
    const field scaled = field_product(&a->t, &curve_2d), third = field_product(&scaled, &b->t);
    const field double_z = field_sum(&a->z, &a->z), fourth = field_product(&double_z, &b->z);
    const field e = field_difference(&second, &first), f = field_difference(&fourth, &third);
    const field g = field_sum(&fourth, &third), h = field_sum(&second, &first);
    return (point){field_product(&e, &f), field_product(&g, &h), field_product(&f, &g), field_product(&e, &h)};
}

static field loaded(const uint8_t *bytes) {
    field value;
    for (int index = 0; index < 8; ++index)
        value.word[index] = (uint32_t)bytes[4 * index] | (uint32_t)bytes[4 * index + 1] << 8 |
                            (uint32_t)bytes[4 * index + 2] << 16 | (uint32_t)bytes[4 * index + 3] << 24;
    return value;
}

// The point that 32 bytes stand for (section 5.1.3); 0: none, or not in its one canonical form.
static int32_t decompressed(const uint8_t *bytes, point *result) {
    const field one = {{1}};
    field y = loaded(bytes);
    const uint32_t sign = y.word[7] >> 31;
    y.word[7] &= 0x7fffffff;
    const field reduced = field_reduced(&y);
    if (memcmp(&reduced, &y, sizeof y) != 0) return 0;
    const field y2 = field_product(&y, &y), numerator = field_difference(&y2, &one);
    const field dy2 = field_product(&curve_d, &y2), denominator = field_sum(&dy2, &one);
    // x = u·v³·(u·v⁷)^((p − 5) / 8), times the root of −1 where that squared is −u/v.
    const field v2 = field_product(&denominator, &denominator), v3 = field_product(&v2, &denominator);
    const field v4 = field_product(&v2, &v2), v7 = field_product(&v4, &v3), uv7 = field_product(&numerator, &v7);
    const field power = field_power(&uv7, 252, 2), uv3 = field_product(&numerator, &v3);
    field x = field_product(&uv3, &power);
    const field x2 = field_product(&x, &x), check = field_product(&denominator, &x2);
    const field zero = {{0}}, negative = field_difference(&zero, &numerator);
    if (!field_equal(&check, &numerator)) {
        if (!field_equal(&check, &negative)) return 0;
        x = field_product(&x, &root_of_minus_one);
    }
    x = field_reduced(&x);
    if (field_equal(&x, &zero) && sign) return 0;
    if ((x.word[0] & 1) != sign) x = field_difference(&zero, &x);
    *result = (point){x, y, one, field_product(&x, &y)};
    return 1;
}

static void compressed(const point *value, uint8_t *bytes) {
    const field inverse = field_power(&value->z, 255, 20);
    field x = field_product(&value->x, &inverse), y = field_product(&value->y, &inverse);
    x = field_reduced(&x);
    y = field_reduced(&y);
    y.word[7] |= (x.word[0] & 1) << 31;
    for (int index = 0; index < 32; ++index) bytes[index] = (uint8_t)(y.word[index / 4] >> (8 * (index % 4)));
}

static int32_t has_small_order(const point *value) {
    point multiple = *value;
    for (int doubling = 0; doubling < 3; ++doubling) multiple = point_sum(&multiple, &multiple);
    const field zero = {{0}};
    return field_equal(&multiple.x, &zero);
}

// 1 when the scalar is below the group's order; `less` is then unchanged, else the difference.
static int32_t is_below_order(const uint32_t *scalar, uint32_t *less) {
    int64_t borrow = 0;
    for (int index = 0; index < 8; ++index) {
        borrow += (int64_t)scalar[index] - group_order[index];
        less[index] = (uint32_t)borrow;
        borrow >>= 32;
    }
    return borrow != 0;
}

// 64 little-endian bytes modulo the group's order, bit after bit from the top.
static void reduced_scalar(const uint8_t *bytes, uint32_t *scalar) {
    memset(scalar, 0, 32);
    for (int bit = 511; bit >= 0; --bit) {
        uint32_t carry = (uint32_t)(bytes[bit / 8] >> (bit % 8)) & 1;
        for (int index = 0; index < 8; ++index) {
            const uint32_t next = scalar[index] >> 31;
            scalar[index] = scalar[index] << 1 | carry;
            carry = next;
        }
        uint32_t less[8];
        const uint32_t keep = (uint32_t)-is_below_order(scalar, less);
        for (int index = 0; index < 8; ++index) scalar[index] = (scalar[index] & keep) | (less[index] & ~keep);
    }
}

// first · base point + second · other, both scalars' bits at once, one addition a bit whatever they are.
static point double_product(const uint32_t *first, const uint32_t *second, const point *other) {
    const point zero = {{{0}}, {{1}}, {{1}}, {{0}}};
    const point choices[4] = {zero, base_point, *other, point_sum(&base_point, other)};
    point result = zero;
    for (int bit = 255; bit >= 0; --bit) {
        const uint32_t choice =
            (first[bit / 32] >> (bit % 32) & 1) | (second[bit / 32] >> (bit % 32) & 1) << 1;
        point chosen = {0};
        for (uint32_t index = 0; index < 4; ++index) {
            const uint32_t mask = (uint32_t)-(index == choice);
            const uint32_t *from = (const uint32_t *)&choices[index];
            uint32_t *to = (uint32_t *)&chosen;
            for (size_t word = 0; word < sizeof(point) / 4; ++word) to[word] |= from[word] & mask;
        }
        result = point_sum(&result, &result);
        result = point_sum(&result, &chosen);
    }
    return result;
}

int32_t martlet_ed25519_verify(const uint8_t *public_key, const uint8_t *signature, const uint8_t *digest) {
    // dom2(1, "") of RFC 8032, section 2, with the flag of the prehashed form and no context.
    static const uint8_t domain[34] = "SigEd25519 no Ed25519 collisions\1";
    uint32_t scalar[8], challenge[8], unused[8];
    const field held = loaded(signature + 32);
    memcpy(scalar, &held, sizeof scalar);
    point key;
    if (!is_below_order(scalar, unused) || !decompressed(public_key, &key) || has_small_order(&key)) return 0;

    martlet_sha512 hash;
    uint8_t hashed[64];
    martlet_sha512_begin(&hash);
    martlet_sha512_add(&hash, domain, sizeof domain);
    martlet_sha512_add(&hash, signature, 32);
    martlet_sha512_add(&hash, public_key, 32);
    martlet_sha512_add(&hash, digest, 64);
    martlet_sha512_end(&hash, hashed);
    reduced_scalar(hashed, challenge);

    const field zero = {{0}};
    key.x = field_difference(&zero, &key.x);
    key.t = field_difference(&zero, &key.t);
    const point expected = double_product(scalar, challenge, &key);
    uint8_t bytes[32], differences = 0;
    compressed(&expected, bytes);
    for (int index = 0; index < 32; ++index) differences |= bytes[index] ^ signature[index];
    return differences == 0;
}
