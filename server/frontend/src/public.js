// The pages that anybody may read: styles only.
import '@tabler/core/dist/css/tabler.min.css';
import './desk.css';
import './public.css';
