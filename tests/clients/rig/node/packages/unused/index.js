export default class {}
export const toStrictJsonSchema = undefined;
