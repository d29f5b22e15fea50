// What failed, was rerouted or refused.
import { el, section } from './dom.js';
export const title = 'Failures';
export function open(into) {
  into.append(section('Failures', null, el('p', {}, '…')));
  return { update() {} };
}
