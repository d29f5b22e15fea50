// What is in force.
import { el, section } from './dom.js';
export const title = 'Configuration';
export function open(into) {
  into.append(section('Configuration', null, el('p', {}, '…')));
  return { update() {} };
}
