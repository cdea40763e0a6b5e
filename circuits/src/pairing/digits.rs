//! Signed digits, for powers and multiples.

/// The width of the digits: odd, and of absolute value below `2^(WIDTH − 1)`.
pub(crate) const WIDTH: u32 = 4;

/// How many odd powers or multiples the digits need.
pub(crate) const ODD: usize = 1 << (WIDTH - 2);

/// A digit for each bit, and one for the carry; the least significant first.
pub(crate) fn digits(number: u64) -> [i8; 65] {
    let mut digits = [0; 65];
    let mut rest = i128::from(number);
    for digit in &mut digits {
        if rest & 1 == 1 {
            let low = (rest & ((1 << WIDTH) - 1)) as i8;
            *digit = if low < 1 << (WIDTH - 1) { low } else { low - (1 << WIDTH) };
            rest -= i128::from(*digit);
        }
        rest >>= 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_sum_to_the_number() {
        for number in [0, 1, 7, 8, 9, 0xdead_beef, 1 << 63, u64::MAX, u64::MAX - 7] {
            let digits = digits(number);
            let sum = digits.iter().rev().fold(0i128, |sum, digit| 2 * sum + i128::from(*digit));
            assert_eq!(sum, i128::from(number));
            assert!(digits.iter().all(|digit| *digit == 0 || digit % 2 != 0 && digit.abs() < 8));
        }
    }
}
