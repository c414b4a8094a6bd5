/** The version of Quorate; a unit test holds it against package.json. */
export const VERSION = '0.1.0';
