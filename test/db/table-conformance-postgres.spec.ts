import { describeConformance } from '../support/table-conformance.js';

describeConformance('postgres');
